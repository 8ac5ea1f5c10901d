"""The outbox as people see it: what waits, and what they decide about it.

No decision touches an item that is being sent at the moment, and none sends to somebody again who
has it already. The machine's side, and the states, are `hongyan.store.journal`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import Unsafe
from hongyan.reasons import Reason
from hongyan.store.changes import Event
from hongyan.store.folding import storable
from hongyan.store.journal import Journal, overall, reset_recipients
from hongyan.store.outbox_item import WAITING, Copy, Delivery, Item, State, items, recipients_of
from hongyan.store.times import milliseconds
from hongyan.store.types import row_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import apsw


class Outbox(Journal):
    """The outbox of all accounts."""

    def retry(self, item_id: str) -> Item:
        """Queue an item again for all recipients that it was not sent to, at the person's word.

        Raises `Unsafe` while it is being sent, and when it is sent to all.
        """
        self.recover()
        with self._database.write() as db:
            item = self._idle(item_id)
            if item.state is State.SENT:
                raise Unsafe(Reason.SENT_ALREADY.of(item=item.id))
            row = row_number("o", item_id)
            again = (State.REFUSED, State.UNCERTAIN, State.DEFERRED, State.CANCELLED)
            reset_recipients(db, row, again, State.QUEUED)
            self._end(db, row, state=State.QUEUED)
            self._record(db, row_number("a", item.account_id), row)
            return self.get(item_id)

    def cancel(self, item_id: str) -> Item:
        """Give an item up. Raises `Unsafe` while it is being sent, and when it is sent."""
        self.recover()
        with self._database.write() as db:
            item = self._idle(item_id)
            if item.state is State.SENT:
                raise Unsafe(Reason.SENT_ALREADY.of(item=item.id))
            row = row_number("o", item_id)
            reset_recipients(db, row, WAITING, State.CANCELLED)
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

    def hold(self, item_id: str) -> Item:
        """Keep an item that waits until it is let go. Raises `Unsafe` when it does not wait."""
        with self._database.write() as db:
            item = self._in_state(item_id, WAITING)
            self._become(db, item, State.HELD)
            return self.get(item_id)

    def let_go(self, item_id: str, *, send_at: datetime | None = None) -> Item:
        """Send an item now that is held or waits, or at another time; it is due then.

        Raises `Unsafe` when it neither waits nor is held.
        """
        with self._database.write() as db:
            item = self._in_state(item_id, (State.HELD, *WAITING))
            db.execute(
                "UPDATE outbox SET send_at = ? WHERE id = ?",
                (milliseconds(send_at) if send_at else None, row_number("o", item_id)),
            )
            self._become(db, item, State.QUEUED, next_try=send_at)
            return self.get(item_id)

    def believe_sent(self, item_id: str, words: str) -> Item:
        """Take an uncertain item for sent, by evidence or at the person's word.

        Raises `Unsafe` when it is not uncertain.
        """
        with self._database.write() as db:
            item = self._in_state(item_id, (State.UNCERTAIN, State.DEFERRED, State.REFUSED))
            if not any(each.state is State.UNCERTAIN for each in item.recipients):
                raise Unsafe(Reason.NOT_UNCERTAIN.of(item=item.id))
            row = row_number("o", item_id)
            db.execute(
                "UPDATE outbox SET sent_at = coalesce(sent_at, next_try) WHERE id = ?", (row,)
            )
            reset_recipients(db, row, (State.UNCERTAIN,), State.SENT)
            state = overall(recipients_of(db, row))
            self._become(db, item, state, words=words, next_try=item.next_try)
            return self.get(item_id)

    def uncertain(self, account_id: str) -> tuple[Item, ...]:
        """Return the items of an account of which somebody may or may not have got a copy."""
        return tuple(
            item
            for item in self.list(account_id)
            if any(each.state is State.UNCERTAIN for each in item.recipients)
        )

    # -- the sender's own copy

    def set_copy(self, item_id: str, copy: Copy, *, email_id: str | None = None) -> None:
        """Note who keeps the sender's copy; ``email_id`` is the one that was filed here."""
        with self._database.write() as db:
            item = self.get(item_id)
            row = row_number("o", item_id)
            message = row_number("m", email_id) if email_id else None
            db.execute(
                "UPDATE outbox SET copy = ?, message = coalesce(?, message) WHERE id = ?",
                (copy.value, message, row),
            )
            self._record(db, row_number("a", item.account_id), row)

    def copies_due(self, account_id: str) -> tuple[Item, ...]:
        """Return the sent items whose copy is still to be filed, or found at the provider."""
        with self._database.read() as db:
            return items(
                db,
                "WHERE o.account = ? AND o.copy = 'due' ORDER BY o.id",
                (row_number("a", account_id),),
            )

    # -- what reports say

    def reported_on(self, *, envid: str, message_id: str) -> tuple[Item, ...]:
        """Return the items that a report is about: by its envelope id, else by its Message-ID."""
        with self._database.read() as db:
            for column, value in (("envid", envid), ("message_id", message_id)):
                if value and (found := items(db, f"WHERE o.{column} = ?", (value,))):
                    return found
        return ()

    def note_delivery(self, item_id: str, address: str, delivery: Delivery, words: str) -> None:
        """Note what a report claims about a recipient; what was final before stays."""
        with self._database.write() as db:
            row = row_number("o", item_id)
            db.execute(
                "UPDATE recipients SET delivery = ?, delivery_words = ? WHERE item = ? "
                "AND address = ? COLLATE NOCASE AND delivery NOT IN ('delivered', 'failed')",
                (delivery.value, storable(words), row, address),
            )
            self._note(db, item_id)

    def note_displayed(self, item_id: str, address: str) -> None:
        """Note that a recipient's program says it has shown the message (RFC 8098)."""
        with self._database.write() as db:
            db.execute(
                "UPDATE recipients SET displayed = 1 WHERE item = ? AND address = ? COLLATE NOCASE",
                (row_number("o", item_id), address),
            )
            self._note(db, item_id)

    def _note(self, db: apsw.Connection, item_id: str) -> None:
        account = row_number("a", self.get(item_id).account_id)
        self._record(db, account, row_number("o", item_id))

    def _idle(self, item_id: str) -> Item:
        item = self.get(item_id)
        if item.state is State.SENDING:
            raise Unsafe(Reason.BEING_SENT.of(item=item.id))
        return item

    def _in_state(self, item_id: str, states: Sequence[State]) -> Item:
        self.recover()
        item = self._idle(item_id)
        if item.state not in states:
            raise Unsafe(Reason.NOT_NOW.of(item=item.id, state=item.state.value))
        return item

    def _become(
        self,
        db: apsw.Connection,
        item: Item,
        state: State,
        *,
        words: str = "",
        next_try: datetime | None = None,
    ) -> None:
        row = row_number("o", item.id)
        self._end(db, row, state=state, words=words or item.words, next_try=next_try)
        self._record(db, row_number("a", item.account_id), row)
