"""Comparing an answer with what the contract says: literally, but for what chance makes.

``"$any"`` takes any value, ``"$name"`` takes a value once and the same one afterwards.
"""

from __future__ import annotations

from typing import Any


def differences(wanted: Any, got: Any, bound: dict[str, Any], at: str = "") -> list[str]:
    """Say where ``got`` is not what is ``wanted``; nothing when it is."""
    if (
        isinstance(wanted, str)
        and wanted.startswith("$")
        and wanted[1:].isidentifier()
        and wanted != got
    ):
        return (
            []
            if wanted == "$any" or bound.setdefault(wanted, got) == got
            else [f"{at}: {got!r} is not {wanted}"]
        )
    if isinstance(wanted, dict) and isinstance(got, dict):
        named = {bound.get(name, name): value for name, value in wanted.items()}
        missing = [f"{at}/{name} is missing" for name in named if name not in got]
        extra = [f"{at}/{name} is too much: {got[name]!r}" for name in got if name not in named]
        inner = [
            d
            for name in named
            if name in got
            for d in differences(named[name], got[name], bound, f"{at}/{name}")
        ]
        return missing + extra + inner
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [
            d
            for n, (w, g) in enumerate(zip(wanted, got, strict=True))
            for d in differences(w, g, bound, f"{at}/{n}")
        ]
    if wanted == got and isinstance(wanted, bool) == isinstance(got, bool):
        return []
    return [f"{at}: {got!r} instead of {wanted!r}"]
