"""Facts about a server, and findings made of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from hongyan.doctor.certificate import Certificate
    from hongyan.errors import HongyanError


class Level(Enum):
    """How much a finding matters."""

    GOOD = "ok"
    NOTE = "note"
    WARNING = "warn"
    PROBLEM = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, and what to do about it where something can be done."""

    level: Level
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was seen of one server; what could not be seen is None or empty.

    ``error`` ended the visit, ``login_error`` the login that was tried after it; both None when all
    went well. ``quirks`` are known defects of such servers, ``round_trip`` is in seconds, ``clock``
    how far the server's clock is ahead of ours. ``issuers`` are the certificates that came with the
    server's own, each of them the issuer of the one before, where all is well.
    """

    protocol: str
    host: str
    secure: bool
    addresses: tuple[str, ...] = ()
    error: HongyanError | None = None
    tls: str = ""
    certificate: Certificate | None = None
    issuers: tuple[Certificate, ...] = ()
    trusted: bool = True
    names: frozenset[str] = frozenset()
    mechanisms: tuple[str, ...] = ()
    round_trip: float | None = None
    round_trips: int = 0
    clock: timedelta | None = None
    quirks: tuple[str, ...] = ()
    logged_in: bool | None = None
    login_error: HongyanError | None = None
