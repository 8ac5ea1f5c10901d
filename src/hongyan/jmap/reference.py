"""Back-references between the calls of one request (RFC 8620 §3.7).

An argument ``#name`` is a ResultReference: the value at a JSON Pointer, with ``*`` for "each of",
in the answer of an earlier call.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hongyan.jmap.errors import MethodError, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hongyan.jmap.errors import Json

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_FIELDS: Final = {"resultOf", "name", "path"}


def resolved(arguments: Json, responses: Sequence[list[Any]]) -> Json:
    """Return the arguments with every reference replaced by what it points at.

    Raises `MethodError`: ``invalidResultReference``, or ``invalidArguments`` when an argument is
    given both ways.
    """
    found = {}
    for name, value in arguments.items():
        if not name.startswith("#"):
            found[name] = value
        elif name[1:] in arguments:
            raise invalid(name[1:], "is given both as itself and as a reference")
        else:
            found[name[1:]] = _value(value, responses)
    return found


def _value(reference: object, responses: Sequence[list[Any]]) -> Any:  # noqa: ANN401  # JSON
    if not (
        isinstance(reference, dict)
        and reference.keys() == _FIELDS
        and all(isinstance(each, str) for each in reference.values())
    ):
        raise _lost("a reference has resultOf, name and path, each a string")
    for name, answer, call in responses:
        if call == reference["resultOf"]:
            if name != reference["name"]:
                raise _lost(f"the call {call!r} was answered by {name}")
            return _at(answer, _steps(reference["path"]))
    raise _lost(f"there is no earlier call {reference['resultOf']!r}")


def _steps(path: str) -> list[str]:
    """Split a JSON Pointer (RFC 6901)."""
    if not path:
        return []
    if not path.startswith("/"):
        raise _lost("a path begins with a slash")
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _at(value: Any, steps: list[str]) -> Any:  # noqa: ANN401  # JSON
    for number, step in enumerate(steps):
        if isinstance(value, list) and step == "*":
            return _each(value, steps[number + 1 :])
        value = _step(value, step)
    return value


def _each(values: list[Any], steps: list[str]) -> list[Any]:
    """Return what the rest of the path gives for each; where that is a list, all in one list."""
    found: list[Any] = []
    for value in values:
        got = _at(value, steps)
        if isinstance(got, list):
            found += got
        else:
            found.append(got)
    return found


def _step(value: Any, step: str) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, dict) and step in value:
        return value[step]
    if isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
        return value[int(step)]
    raise _lost(f"there is no {step!r} there")


def _lost(words: str) -> MethodError:
    return MethodError("invalidResultReference", words)
