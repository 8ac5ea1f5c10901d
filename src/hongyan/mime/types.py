"""The values that reading and composing share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of RFC 5322 §3.4: ``name`` decoded (or None), ``email`` the addr-spec.

    The names are those of RFC 8621 §4.1.2.3 EmailAddress.
    """

    name: str | None
    email: str
