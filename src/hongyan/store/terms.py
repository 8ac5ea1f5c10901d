"""The terms of the query language that are no text: ``is:unread``, ``in:inbox``, ``larger:5M``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from hongyan.guard import nearest, shown
from hongyan.store import wheres
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.query import Flaw, WrongQuery
from hongyan.store.times import milliseconds
from hongyan.store.types import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import apsw

    from hongyan.store.query import Term, Where

_MAILBOXES: Final = """
    SELECT id FROM mailboxes WHERE role = lower(?1)
    UNION SELECT id FROM mailboxes WHERE name = ?1 COLLATE NOCASE
"""
_ACCOUNTS: Final = "SELECT id FROM accounts WHERE address = ?1 OR name = ?1 COLLATE NOCASE"
_MAILBOX_NAMES: Final = """
    SELECT role FROM mailboxes WHERE role IS NOT NULL UNION
    SELECT name FROM mailboxes WHERE name IS NOT coalesce(role, '') COLLATE NOCASE
"""
_ACCOUNT_NAMES: Final = """
    SELECT address FROM accounts UNION SELECT name FROM accounts WHERE name != ''
"""
_ROLES: Final = frozenset(role.value for role in Role)
_NAMED: Final = 8
_SIZE: Final = re.compile(r"([0-9]{1,12})([kmg]?)b?", re.IGNORECASE)
_SPAN: Final = re.compile(r"([0-9]{1,4})([hdwmy])", re.IGNORECASE)
_UNITS: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SPANS: Final = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Reads terms at the time ``now`` (aware; a date without a time is a day of its zone).

    ``strict``: a mailbox or an account that is not there is an error. Without, nothing is in it:
    whoever is still typing its name, or has a rule for one to come, has made no mistake.
    """

    db: apsw.Connection
    now: datetime
    strict: bool = False

    def read(self, term: Term) -> Where:
        """Return the condition of a term. Raises `InvalidArgument`, pointing at its place."""
        return _TERMS[term.field](self, term)

    def is_(self, term: Term) -> Where:
        """Read how it is marked."""
        word = term.value.lower()
        if word in {"unread", "unseen"}:
            return wheres.UNREAD
        if word in {"read", "seen"}:
            return wheres.READ
        if word in {"flagged", "starred", "answered", "draft", "forwarded"}:
            return wheres.has_keyword("$flagged" if word == "starred" else f"${word}")
        raise WrongQuery(Flaw.NOT_IS, term.at)

    def has(self, term: Term) -> Where:
        """Read what it has."""
        if term.value.lower() in {"attachment", "attachments"}:
            return wheres.HAS_ATTACHMENT
        raise WrongQuery(Flaw.NOT_HAS, term.at)

    def in_(self, term: Term) -> Where:
        """Read where it is: a mailbox's role or name."""
        rows = fetch(self.db, _MAILBOXES, (storable(term.value),))
        if term.value.lower() not in _ROLES:  # which is made when it is first needed
            self._require(rows, term, Flaw.NO_MAILBOX, _MAILBOX_NAMES)
        return wheres.in_any_mailbox([row for (row,) in rows])

    def account(self, term: Term) -> Where:
        """Read whose it is: an account's address or name."""
        rows = fetch(self.db, _ACCOUNTS, (storable(term.value),))
        self._require(rows, term, Flaw.NO_ACCOUNT, _ACCOUNT_NAMES)
        return wheres.of_accounts([row for (row,) in rows])

    def label(self, term: Term) -> Where:
        """Read a keyword of any name."""
        return wheres.has_keyword(storable(term.value).lower())

    def before(self, term: Term) -> Where:
        """Arrived before a day."""
        return wheres.received_before(self._day(term), shift=wheres.shift(self.db))

    def after(self, term: Term) -> Where:
        """Arrived on a day or later."""
        return wheres.received_from(self._day(term), shift=wheres.shift(self.db))

    def newer_than(self, term: Term) -> Where:
        """Arrived so long ago at most."""
        return wheres.received_from(self._ago(term), shift=wheres.shift(self.db))

    def older_than(self, term: Term) -> Where:
        """Arrived longer ago."""
        return wheres.received_before(self._ago(term), shift=wheres.shift(self.db))

    def larger(self, term: Term) -> Where:
        """More octets."""
        return wheres.size_from(_octets(term) + 1)

    def smaller(self, term: Term) -> Where:
        """Fewer octets."""
        return wheres.size_below(_octets(term))

    def _require(self, rows: Sequence[object], term: Term, flaw: Flaw, names: str) -> None:
        """Raise `WrongQuery` with the names nearest to one that is not there, if that matters."""
        if self.strict and not rows:
            known = [name for (name,) in fetch(self.db, names, ())]
            listed = ", ".join(nearest(term.value, known) or known[:_NAMED]) or "none yet"
            raise WrongQuery(flaw, term.at, f"{shown(term.value, limit=80)!r}; there are: {listed}")

    def _day(self, term: Term) -> int:
        try:
            day = date.fromisoformat(term.value)
            return milliseconds(datetime(day.year, day.month, day.day, tzinfo=self.now.tzinfo))
        except ValueError:
            raise WrongQuery(Flaw.NO_DAY, term.at, f"{term.field}:") from None

    def _ago(self, term: Term) -> int:
        span = _SPAN.fullmatch(term.value)
        if span is None:
            raise WrongQuery(Flaw.NO_SPAN, term.at, f"{term.field}:")
        try:
            return milliseconds(self.now - int(span[1]) * _SPANS[span[2].lower()])
        except OverflowError:
            raise WrongQuery(Flaw.TOO_LONG_AGO, term.at, term.value) from None


def _octets(term: Term) -> int:
    size = _SIZE.fullmatch(term.value)
    if size is None:
        raise WrongQuery(Flaw.NO_SIZE, term.at, f"{term.field}:")
    return int(size[1]) * _UNITS[size[2].lower()]


_TERMS: Final[dict[str, Callable[[Terms, Term], Where]]] = {
    "is": Terms.is_,
    "has": Terms.has,
    "in": Terms.in_,
    "account": Terms.account,
    "label": Terms.label,
    "before": Terms.before,
    "after": Terms.after,
    "newer_than": Terms.newer_than,
    "older_than": Terms.older_than,
    "larger": Terms.larger,
    "smaller": Terms.smaller,
}
