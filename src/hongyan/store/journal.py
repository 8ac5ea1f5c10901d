"""The journal of what is to be sent: each item once, and no doubt is ever hidden.

    held ◀──▶ queued ──claim──▶ sending ──settle──▶ sent | refused | deferred | uncertain
                 ▲                 │ its owner died: queued again if no content had gone out,
                 └───── retry ─────┘ else uncertain, which the person ends, or evidence

An item is claimed by compare-and-set; `Journal.start_content` is committed before the content's
first octet leaves, so that after a crash it is known whether the server may have it. This is the
program's side; what people decide about items is `hongyan.store.outbox`.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, StoreError
from hongyan.guard import argument, shown
from hongyan.store.changes import Event
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.outbox_item import (
    WAITING,
    Item,
    Outcome,
    Recipient,
    State,
    insert,
    items,
    recipients_of,
)
from hongyan.store.times import milliseconds, moment
from hongyan.store.types import Kind, OutboxId, nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.changes import ChangeLog
    from hongyan.store.database import Database
    from hongyan.store.owner import Owner
    from hongyan.store.spool import Blob


_ENDED_FOR_RECIPIENT: Final = (State.SENT, State.REFUSED, State.UNCERTAIN)
LONGEST_PAUSE: Final = timedelta(hours=4)  # between two attempts: more is a clock that was wrong
THINK_AGAIN: Final = timedelta(minutes=5)  # before a server is told to hold what is for later
AHEAD: Final = timedelta(minutes=15)  # what is for sooner is our own clock's business
_MILLISECOND: Final = timedelta(milliseconds=1)
HOLDS: Final = "holds"  # learned: for how many seconds a server holds mail; 0 for one that does not

# What waits, and when it is due. What the server may hold back, it is given soon after it was
# written; that is tried once where it is not known yet whether it does.
_WAITING: Final = """
    SELECT id, account, CASE
        WHEN send_at - :now BETWEEN :ahead AND 1000 * coalesce(
            (SELECT CAST(value AS INTEGER) FROM learned
             WHERE account = outbox.account AND name = 'holds'), 1000000000)
        THEN max(created_at + :think, iif(attempts, next_try, 0))
        WHEN send_at IS NULL AND next_try > :now + :pause THEN :now
        ELSE next_try END AS due
    FROM outbox
    WHERE state IN ('queued', 'deferred') AND (:account IS NULL OR account = :account)
"""
_DUE: Final = (
    f"{_WAITING} AND iif(:item IS NULL, due <= :now, id = :item) ORDER BY next_try, id LIMIT 1"
)
_NEXT: Final = f"{_WAITING} ORDER BY due LIMIT 1"
_CLAIM: Final = """
    UPDATE outbox
    SET state = 'sending', owner = ?, attempts = attempts + 1, content_started = 0
    WHERE id = ? AND state IN ('queued', 'deferred')
"""


class Journal:
    """The items of all accounts, as senders see them."""

    def __init__(
        self,
        database: Database,
        *,
        blobs: Blobs,
        changes: ChangeLog,
        owner: Owner,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._changes = changes
        self._owner = owner
        self._clock = clock

    def add(  # noqa: PLR0913  # an envelope has that many fields
        self,
        account_id: str,
        content: bytes | Blob,
        *,
        sender: str,
        recipients: Sequence[str],
        message_id: str = "",
        email_id: str | None = None,
        not_before: datetime | None = None,
        send_at: datetime | None = None,
        held: bool = False,
        receipts: bool = False,
    ) -> OutboxId:
        """Queue a message, one transaction; ``sender`` may be empty (the null reverse-path).

        ``email_id`` is the sender's own copy, if it is stored. ``not_before`` leaves the person
        time to think again; ``send_at`` is when it shall go out; ``held`` keeps it until it is let
        go. ``receipts`` asks for reports of success as well.

        Raises `InvalidArgument` for no recipient or control characters, `NotFound`.
        """
        addresses = tuple(dict.fromkeys(recipients))
        if not addresses:
            raise InvalidArgument("recipients", "is empty")
        for field, value in [("sender", sender), *(("recipients", each) for each in addresses)]:
            argument(field, value)
        now = self._clock()
        state = State.HELD if held else State.QUEUED
        values = {
            "account": row_number("a", account_id),
            "message_id": storable(message_id),
            "sender": sender,
            "state": state.value,
            "created_at": milliseconds(now),
            "next_try": milliseconds(send_at or not_before or now),
            "envid": secrets.token_hex(16),
            "send_at": milliseconds(send_at) if send_at else None,
            "receipts": receipts,
            "message": row_number("m", email_id) if email_id else None,
        }
        blob = self._blobs.hold(content)
        with self._database.write() as db:
            if not db.execute("SELECT 1 FROM accounts WHERE id = ?", (values["account"],)).get:
                raise nothing_like("a", account_id)
            row = insert(db, {**values, "blob": self._blobs.row(db, blob)}, addresses)
            self._record(db, row_number("a", account_id), row, Event.CREATED)
        return OutboxId(f"o{row}")

    def get(self, item_id: str) -> Item:
        """Return one item. Raises `NotFound`."""
        with self._database.read() as db:
            found = items(db, "WHERE o.id = ?", (row_number("o", item_id),))
        if not found:
            raise nothing_like("o", item_id)
        return found[0]

    def list(self, account_id: str | None = None) -> tuple[Item, ...]:
        """Return the items of an account, or of all, oldest first."""
        with self._database.read() as db:
            if account_id is None:
                return items(db, "ORDER BY o.id", ())
            number = row_number("a", account_id)
            return items(db, "WHERE o.account = ? ORDER BY o.id", (number,))

    def claim(self, item_id: str | None = None, *, account_id: str | None = None) -> Item | None:
        """Take an item to send: the given one, or the one that is due longest (of an account).

        None when there is none, or another sender has it. The item is then *sending*, ours alone,
        until it is settled or released. Items of senders that died are put right first.
        """
        self.recover()
        values = {
            "item": row_number("o", item_id) if item_id is not None else None,
            "account": row_number("a", account_id) if account_id is not None else None,
            **self._times(),
        }
        with self._database.write() as db:
            rows = fetch(db, _DUE, values)
            if not rows:
                return None
            ((row, account, _),) = rows
            db.execute(_CLAIM, (self._owner.name, row))
            self._record(db, account, row)
            return self.get(f"o{row}")

    def next_due(self, account_id: str) -> datetime | None:
        """Return when an item of the account is due next; None when nothing waits."""
        self.recover()
        with self._database.read() as db:
            values = {"account": row_number("a", account_id), **self._times()}
            rows = fetch(db, _NEXT, values)
        return moment(rows[0][2]) if rows else None

    def _times(self) -> dict[str, int]:
        spans = {"ahead": AHEAD, "think": THINK_AGAIN, "pause": LONGEST_PAUSE}
        now = milliseconds(self._clock())
        return {"now": now, **{name: span // _MILLISECOND for name, span in spans.items()}}

    def start_content(self, item_id: str) -> None:
        """Note, durably, that the content is about to go out. Raises `StoreError` if not ours."""
        with self._database.write() as db:
            row, _ = self._ours(db, item_id)
            db.execute("UPDATE outbox SET content_started = 1 WHERE id = ?", (row,))

    def settle(
        self,
        item_id: str,
        outcomes: Mapping[str, Outcome],
        *,
        next_try: datetime | None = None,
        words: str = "",
    ) -> Item:
        """End an attempt with an outcome for each pending recipient, by address.

        ``next_try`` is for the deferred ones; ``words`` are the server's last. A recipient left
        out is deferred when no content went out and uncertain otherwise. Raises `StoreError` when
        the item is not ours to settle.
        """
        with self._database.write() as db:
            row, account = self._ours(db, item_id)
            item = self.get(item_id)
            left_out = Outcome(State.UNCERTAIN if item.content_started else State.DEFERRED)
            settled = {each: outcomes.get(each, left_out) for each in item.pending}
            if any(
                each.state not in (*_ENDED_FOR_RECIPIENT, State.DEFERRED)
                for each in settled.values()
            ):
                raise InvalidArgument("outcomes", "is no end of an attempt")
            db.executemany(
                "UPDATE recipients SET state = ?, words = ? WHERE item = ? AND address = ?",
                [
                    (each.state.value, storable(each.words), row, address)
                    for address, each in settled.items()
                ],
            )
            if any(each.state is State.SENT for each in settled.values()):
                db.execute(
                    "UPDATE outbox SET sent_at = coalesce(sent_at, ?) WHERE id = ?",
                    (milliseconds(self._clock()), row),
                )
            state = overall(recipients_of(db, row))
            self._end(db, row, state=state, words=words, next_try=next_try)
            self._record(db, account, row)
            return self.get(item_id)

    def release(self, item_id: str, *, next_try: datetime | None = None, words: str = "") -> Item:
        """End an attempt that broke off: deferred when no content went out, else uncertain.

        Raises `StoreError` when the item is not ours.
        """
        return self.settle(item_id, {}, next_try=next_try, words=words)

    def put_back(self, item_id: str) -> Item:
        """End an attempt that was none: the item is as it was before it was claimed.

        For one that was claimed to be held by a server that turns out not to do that. Raises
        `StoreError` when the item is not ours.
        """
        with self._database.write() as db:
            row, account = self._ours(db, item_id)
            db.execute(
                "UPDATE outbox SET state = ?, owner = NULL, attempts = attempts - 1 WHERE id = ?",
                (State.QUEUED.value, row),
            )
            self._record(db, account, row)
            return self.get(item_id)

    def recover(self) -> tuple[OutboxId, ...]:
        """Put right the items whose sender died; return those that have become uncertain."""
        with self._database.read() as db:
            owners = fetch(
                db, "SELECT DISTINCT owner FROM outbox WHERE state = ?", (State.SENDING.value,)
            )
        uncertain: list[OutboxId] = []
        for (owner,) in owners:
            with self._database.write() as db:
                if not self._owner.is_alive(owner):
                    uncertain += self._orphaned(db, owner)
        return tuple(uncertain)

    def _orphaned(self, db: apsw.Connection, owner: str) -> tuple[OutboxId, ...]:
        uncertain: list[OutboxId] = []
        for row, account, started in fetch(
            db,
            "SELECT id, account, content_started FROM outbox WHERE state = ? AND owner = ?",
            (State.SENDING.value, owner),
        ):
            if started:
                uncertain.append(OutboxId(f"o{row}"))
                reset_recipients(db, row, WAITING, State.UNCERTAIN)
            state = State.UNCERTAIN if started else State.QUEUED
            self._end(db, row, state=state, words="the program ended while it was sending")
            self._record(db, account, row)
        return tuple(uncertain)

    def _ours(self, db: apsw.Connection, item_id: str) -> tuple[int, int]:
        row = row_number("o", item_id)
        for (account,) in fetch(
            db,
            "SELECT account FROM outbox WHERE id = ? AND state = ? AND owner = ?",
            (row, State.SENDING.value, self._owner.name),
        ):
            return row, account
        raise StoreError(
            f"outbox item {shown(item_id, limit=80)} is not being sent by this program"
        )

    def _end(
        self,
        db: apsw.Connection,
        row: int,
        *,
        state: State,
        words: str = "",
        next_try: datetime | None = None,
    ) -> None:
        db.execute(
            "UPDATE outbox SET state = ?, owner = NULL, words = ?, next_try = ? WHERE id = ?",
            (state.value, storable(words), milliseconds(next_try or self._clock()), row),
        )

    def _record(
        self, db: apsw.Connection, account: int, row: int, event: Event = Event.UPDATED
    ) -> None:
        self._changes.record(db, account, [(Kind.SUBMISSION, f"o{row}", event)])


def overall(recipients: Sequence[Recipient]) -> State:
    """Return the state of an item: what still needs somebody's care comes first."""
    states = {each.state for each in recipients}
    for state in (State.DEFERRED, State.UNCERTAIN, State.REFUSED):
        if state in states:
            return state
    return State.SENT


def reset_recipients(db: apsw.Connection, row: int, states: Sequence[State], state: State) -> None:
    """Let the recipients of an item that are in one of ``states`` be in ``state``."""
    db.executemany(
        "UPDATE recipients SET state = ? WHERE item = ? AND state = ?",
        [(state.value, row, each.value) for each in states],
    )
