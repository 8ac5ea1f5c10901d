"""The journal of what is to be sent: each item once, and no doubt is ever hidden.

    queued ──claim──▶ sending ──settle──▶ sent | refused | deferred | uncertain
      ▲                  │ its owner died: queued again if no content had gone out,
      └──── retry ───────┘ else uncertain, which only the person's `Outbox.retry` ends

An item is claimed by compare-and-set; `Outbox.start_content` is committed before the content's
first octet leaves, so that after a crash it is known whether the server may have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, StoreError, Unsafe
from hongyan.guard import argument, shown
from hongyan.store.changes import Event
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.outbox_item import WAITING, Item, Outcome, Recipient, State, items, recipients_of
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
_DUE: Final = """
    SELECT id, account FROM outbox
    WHERE state IN ('queued', 'deferred')
        AND iif(:item IS NULL, next_try <= :now, id = :item)
        AND (:account IS NULL OR account = :account)
    ORDER BY next_try, id LIMIT 1
"""
_CLAIM: Final = """
    UPDATE outbox
    SET state = 'sending', owner = ?, attempts = attempts + 1, content_started = 0
    WHERE id = ? AND state IN ('queued', 'deferred')
"""


class Outbox:
    """The outbox of all accounts."""

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

    def add(
        self,
        account_id: str,
        content: bytes | Blob,
        *,
        sender: str,
        recipients: Sequence[str],
        message_id: str = "",
        not_before: datetime | None = None,
    ) -> OutboxId:
        """Queue a message, one transaction; ``sender`` may be empty (the null reverse-path).

        Raises `InvalidArgument` for no recipient or control characters, `NotFound`.
        """
        addresses = tuple(dict.fromkeys(recipients))
        if not addresses:
            raise InvalidArgument("recipients", "is empty")
        for field, value in [("sender", sender), *(("recipients", each) for each in addresses)]:
            argument(field, value)
        blob = self._blobs.hold(content)
        now = milliseconds(self._clock())
        with self._database.write() as db:
            account = row_number("a", account_id)
            if not db.execute("SELECT 1 FROM accounts WHERE id = ?", (account,)).get:
                raise nothing_like("a", account_id)
            ((row,),) = fetch(
                db,
                """
                INSERT INTO outbox (account, blob, message_id, sender, state, created_at, next_try)
                VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
                """,
                (
                    account,
                    self._blobs.row(db, blob),
                    storable(message_id),
                    sender,
                    State.QUEUED.value,
                    now,
                    milliseconds(not_before) if not_before else now,
                ),
            )
            db.executemany(
                "INSERT INTO recipients (item, position, address, state) VALUES (?, ?, ?, ?)",
                [(row, at, each, State.QUEUED.value) for at, each in enumerate(addresses)],
            )
            self._record(db, account, row, Event.CREATED)
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
            "now": milliseconds(self._clock()),
        }
        with self._database.write() as db:
            rows = fetch(db, _DUE, values)
            if not rows:
                return None
            ((row, account),) = rows
            db.execute(_CLAIM, (self._owner.name, row))
            self._record(db, account, row)
            return self.get(f"o{row}")

    def next_due(self, account_id: str) -> datetime | None:
        """Return when an item of the account is due next; None when nothing waits."""
        self.recover()
        with self._database.read() as db:
            ((due,),) = fetch(
                db,
                "SELECT min(next_try) FROM outbox "
                "WHERE state IN ('queued', 'deferred') AND account = ?",
                (row_number("a", account_id),),
            )
        return None if due is None else moment(due)

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
            state = _overall(recipients_of(db, row))
            self._end(db, row, state=state, words=words, next_try=next_try)
            self._record(db, account, row)
            return self.get(item_id)

    def release(self, item_id: str, *, next_try: datetime | None = None, words: str = "") -> Item:
        """End an attempt that broke off: deferred when no content went out, else uncertain.

        Raises `StoreError` when the item is not ours.
        """
        return self.settle(item_id, {}, next_try=next_try, words=words)

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
                _reset_recipients(db, row, WAITING, State.UNCERTAIN)
            state = State.UNCERTAIN if started else State.QUEUED
            self._end(db, row, state=state, words="the program ended while it was sending")
            self._record(db, account, row)
        return tuple(uncertain)

    def retry(self, item_id: str) -> Item:
        """Queue an item again for all recipients that it was not sent to, at the person's word.

        Raises `Unsafe` while it is being sent, and when it is sent to all.
        """
        self.recover()
        with self._database.write() as db:
            item = self._idle(item_id)
            if item.state is State.SENT:
                raise Unsafe(f"{item.id} has been sent already")
            row = row_number("o", item_id)
            again = (State.REFUSED, State.UNCERTAIN, State.DEFERRED, State.CANCELLED)
            _reset_recipients(db, row, again, State.QUEUED)
            self._end(db, row, state=State.QUEUED)
            self._record(db, row_number("a", item.account_id), row)
            return self.get(item_id)

    def cancel(self, item_id: str) -> Item:
        """Give an item up. Raises `Unsafe` while it is being sent, and when it is sent."""
        self.recover()
        with self._database.write() as db:
            item = self._idle(item_id)
            if item.state is State.SENT:
                raise Unsafe(f"{item.id} has been sent already")
            row = row_number("o", item_id)
            _reset_recipients(db, row, WAITING, State.CANCELLED)
            self._end(db, row, state=State.CANCELLED, words=item.words)
            self._record(db, row_number("a", item.account_id), row)
            return self.get(item_id)

    def forget(self, item_id: str) -> None:
        """Delete an item from the journal. Raises `Unsafe` while it is being sent."""
        with self._database.write() as db:
            item = self._idle(item_id)
            row = row_number("o", item_id)
            db.execute("DELETE FROM outbox WHERE id = ?", (row,))
            self._record(db, row_number("a", item.account_id), row, Event.DESTROYED)
        self._blobs.remove_doomed()

    def _idle(self, item_id: str) -> Item:
        item = self.get(item_id)
        if item.state is State.SENDING:
            raise Unsafe(f"{item.id} is being sent right now")
        return item

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


def _overall(recipients: Sequence[Recipient]) -> State:
    """Return the state of an item: what still needs somebody's care comes first."""
    states = {each.state for each in recipients}
    for state in (State.DEFERRED, State.UNCERTAIN, State.REFUSED):
        if state in states:
            return state
    return State.SENT


def _reset_recipients(db: apsw.Connection, row: int, states: Sequence[State], state: State) -> None:
    db.executemany(
        "UPDATE recipients SET state = ? WHERE item = ? AND state = ?",
        [(state.value, row, each.value) for each in states],
    )
