"""What a server found out about a message's sender: Authentication-Results (RFC 8601).

Anybody can write such a field; whose it is, the caller decides by its ``server``. Quoted strings
and comments hold what strangers chose (a local part may be ``"a; dmarc=pass"``): they say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIMIT: Final = 16_384  # octets that are looked at
_OUTSIDE: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|\(', re.DOTALL)
_IN_COMMENT: Final = re.compile(r"\\.|[()]", re.DOTALL)
_RESULT: Final = re.compile(
    r"\s*([a-z0-9-]+)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)(?![\w.-])", re.IGNORECASE
)
_DOMAIN: Final = re.compile(
    r"\sheader\.(?:d|i|from)\s*=\s*(?:[^\s@]*@)?([\w.-]+)(?!\S)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Result:
    """One method's ``value`` (``pass``, ``fail`` …), in lower case as ``method`` is.

    ``domain`` is the one that it speaks of: header.d or header.i of DKIM, header.from of DMARC.
    """

    method: str
    value: str
    domain: str


@dataclass(frozen=True, slots=True)
class Results:
    """One field: the authserv-id that wrote it, in lower case, and what it says."""

    server: str
    results: tuple[Result, ...]


def read(value: bytes) -> Results:
    """Return what the raw value of an Authentication-Results field says."""
    server, *said = _bare(value[:_LIMIT].decode("utf-8", "replace")).split(";")
    return Results(
        server="".join(server.split()[:1]).lower(),
        results=tuple(filter(None, map(_result, said))),
    )


def confirms(results: Iterable[Result], domain: str) -> bool | None:
    """Tell whether ``results`` confirm the domain of a From field, deny it, or leave it open.

    DMARC decides where it was asked (RFC 7489 §6.6). Else a DKIM signature counts if its domain is
    the sender's or one above or below it: whoever signs as himself proves nothing about others.
    """
    domain = domain.lower()
    given = tuple(results)
    dmarc = {each.value for each in given if each.method == "dmarc"}
    if dmarc & {"pass", "fail"}:
        return "fail" not in dmarc
    dkim = [each for each in given if each.method == "dkim"]
    passed = [each for each in dkim if each.value == "pass"]
    if any(_aligned(each.domain, domain) for each in passed):
        return True
    return False if not passed and any(each.value == "fail" for each in dkim) else None


def _aligned(one: str, other: str) -> bool:
    if not one or not other:
        return False
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _result(said: str) -> Result | None:
    found = _RESULT.match(said)
    if found is None:
        return None
    domain = _DOMAIN.search(said, found.end())
    return Result(found[1].lower(), found[2].lower(), domain[1].lower() if domain else "")


def _bare(text: str) -> str:
    """Return ``text`` without its quoted strings and comments."""
    kept: list[str] = []
    at = depth = 0
    while found := (_IN_COMMENT if depth else _OUTSIDE).search(text, at):
        if not depth:
            kept.append(text[at : found.start()])
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        at = found.end()
    return "".join(kept) + ("" if depth else text[at:])
