"""EmailSubmission/set (RFC 8621 §7.5): sending, taking back, and what follows for the message.

The message is queued without its Bcc; the person's own copy keeps it. A time to send, or the
seconds in which it can be taken back, are the parameters of FUTURERELEASE (RFC 4865).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from hongyan import mime
from hongyan.errors import InvalidArgument, NotFound
from hongyan.jmap import identity, setting
from hongyan.jmap.arguments import (
    Arguments,
    array,
    id_or_reference,
    json_object,
    mapping,
    one_of,
    optional,
    text,
    utc_date,
)
from hongyan.jmap.errors import Json, NotSet
from hongyan.jmap.submission import SUBMISSION, UNDO, Submission, submissions
from hongyan.mime import outgoing
from hongyan.mime.recipients import wire_address
from hongyan.store import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hongyan.jmap.call import Call
    from hongyan.mime import Message
    from hongyan.store import Email, Identity

MOST_RECIPIENTS: Final = 1_000
_follow_ups = optional(mapping(id_or_reference, json_object))
_references = optional(array(id_or_reference))


def set_(call: Call) -> Json:
    """Answer EmailSubmission/set."""
    account = call.account
    state = setting.take_if_in_state(call)
    wanted = setting.take(call)
    updates: dict[str, Json] | None = call.take("onSuccessUpdateEmail", _follow_ups, None)
    destroyed: list[str] | None = call.take("onSuccessDestroyEmail", _references, None)
    call.end()
    emails = _Emails()
    actions = setting.Actions(emails.create, emails.cancel, emails.destroy)
    with call.store.transaction():
        old = setting.require_state(call, Kind.SUBMISSION, state)
        outcome = setting.carry_out(call, wanted, actions)
        new = call.store.changes.state(account.id, Kind.SUBMISSION)
    if outcome.created or outcome.updated:
        call.server.wake(account.id)
    created = (str(each["id"]) for each in outcome.created.values())
    done = {*outcome.updated, *outcome.destroyed, *created}
    _follow(call, emails.of, done, updates or {}, destroyed or [])
    return call.answer(oldState=old, newState=new, **outcome.json())


def _follow(
    call: Call,
    emails: dict[str, str],
    done: set[str],
    updates: dict[str, Json],
    destroyed: Iterable[str],
) -> None:
    """Let an Email/set follow for the messages whose submission was a success."""

    def email(reference: str) -> str | None:
        id_ = call.resolve(reference)
        return emails.get(id_) if id_ in done else None

    update = {email(each): patch for each, patch in updates.items() if email(each)}
    destroy = [email(each) for each in destroyed if email(each)]
    if update or destroy:
        arguments = {"accountId": call.account.id, "update": update, "destroy": destroy}
        call.follow("Email/set", {name: value for name, value in arguments.items() if value})


class _Emails:
    """What is done with submissions; ``of`` keeps the message of each."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def create(self, call: Call, given: Json) -> Json:
        """Queue a message."""
        wish = _Wish.take(call, given)
        email = _email(call, wish.email_id)
        message = mime.parse(call.store.blobs.read(email.blob_id))
        envelope = _envelope(call, wish, message)
        ready = _ready(call, message)
        item_id = call.store.outbox.add(
            call.account.id,
            ready.content,
            sender=envelope.sender,
            recipients=envelope.recipients,
            message_id=ready.message_id,
            email_id=email.id,
            send_at=envelope.send_at,
        )
        self.of[str(item_id)] = email.id
        made = _own(call, item_id)
        return SUBMISSION.shown(made, [each for each in SUBMISSION.show if each not in given])

    def cancel(self, call: Call, id_: str, patch: Json) -> None:
        """Take a message back: the one change there is."""
        now = _own(call, id_)
        if fixed := sorted(set(patch) - {"undoStatus"}):
            raise NotSet("invalidProperties", "these never change", *fixed)
        wanted = Arguments(patch).take("undoStatus", one_of(*UNDO), now.undo_status)
        self.of[id_] = now.item.email_id or ""
        if wanted == now.undo_status:
            return
        if wanted != "canceled":
            raise NotSet("invalidProperties", "it can only be taken back", "undoStatus")
        if now.undo_status != "pending":
            raise NotSet("cannotUnsend", "it has gone, or is going")
        call.store.outbox.cancel(id_)

    def destroy(self, call: Call, id_: str) -> None:
        """Forget what is over; what waits is to be taken back first."""
        now = _own(call, id_)
        if now.undo_status == "pending":
            raise NotSet("forbidden", "it waits to be sent: take it back first")
        self.of[id_] = now.item.email_id or ""
        call.store.outbox.forget(id_)


def _own(call: Call, id_: str) -> Submission:
    item = call.store.outbox.get(id_)
    if item.account_id != call.account.id:
        raise NotFound(f"there is no submission {id_} in this account")
    return submissions(call, [item])[id_]


def _email(call: Call, id_: str) -> Email:
    for row in call.store.messages.list([id_]):
        if row.account_id == call.account.id:
            return row
    raise NotSet("invalidProperties", f"there is no message {id_}", "emailId")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a client says of a submission."""

    email_id: str
    identity: Identity
    envelope: Json | None

    @classmethod
    def take(cls, call: Call, given: Json) -> _Wish:
        fields = Arguments(given)
        email_id = call.resolve(fields.take("emailId", id_or_reference))
        identity_id = call.resolve(fields.take("identityId", id_or_reference))
        envelope = fields.take("envelope", optional(json_object), None)
        fields.take("undoStatus", one_of("pending"), "pending")
        fields.end()
        known = identity.every(call)
        if identity_id not in known:
            raise NotSet("invalidProperties", f"there is no {identity_id}", "identityId")
        return cls(email_id, known[identity_id], envelope)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """From whom, to whom, and when."""

    sender: str
    recipients: tuple[str, ...]
    send_at: datetime | None


def _envelope(call: Call, wish: _Wish, message: Message) -> _Envelope:
    if wish.envelope is None:
        authors = [each.email for each in (*message.sender, *message.from_)]
        mine = [each for each in authors[:1] if _is_mine(call, each)]
        everyone = (*message.to, *message.cc, *message.bcc)
        return _Envelope(
            _wire([*mine, wish.identity.email][0]),
            _recipients([each.email or each.name or "" for each in everyone]),
            None,
        )
    fields = Arguments(wish.envelope)
    sender, parameters = _address(fields.take("mailFrom", json_object))
    rcpt_to: list[Json] = fields.take("rcptTo", array(json_object))
    fields.end()
    if sender and not _is_mine(call, sender):
        raise NotSet("forbiddenMailFrom", f"{sender} is none of your identities")
    recipients = [_address(each) for each in rcpt_to]
    if any(more for _, more in recipients):
        words = "there are no parameters for recipients here"
        raise NotSet("invalidProperties", words, "envelope")
    addresses = _recipients([address for address, _ in recipients])
    return _Envelope(sender and _wire(sender), addresses, _send_at(call, parameters))


def _address(given: Json) -> tuple[str, Json]:
    fields = Arguments(given)
    email = fields.take("email", text)
    parameters: Json | None = fields.take("parameters", optional(json_object), None)
    fields.end()
    return email, {name.upper(): value for name, value in (parameters or {}).items()}


def _is_mine(call: Call, address: str) -> bool:
    mine = {each.email.lower() for each in identity.every(call).values()}
    domain = f"*@{address.rpartition('@')[2]}"
    return bool({address.lower(), domain.lower()} & {*mine, call.account.address.lower()})


def _wire(address: str) -> str:
    return wire_address("mailFrom", address)


def _recipients(addresses: Iterable[str]) -> tuple[str, ...]:
    good, bad = [], []
    for address in dict.fromkeys(addresses):
        try:
            good.append(wire_address("rcptTo", address))
        except InvalidArgument:
            bad.append(address)
    if bad:
        words = f"no mail can be sent to {', '.join(bad)}"
        raise NotSet("invalidRecipients", words, invalidRecipients=bad)
    if not good:
        raise NotSet("noRecipients", "there is nobody to send it to")
    if len(good) > MOST_RECIPIENTS:
        words = f"at most {MOST_RECIPIENTS} recipients"
        raise NotSet("tooManyRecipients", words, maxRecipients=MOST_RECIPIENTS)
    return tuple(dict.fromkeys(good))


def _send_at(call: Call, parameters: Json) -> datetime | None:
    """Return the time that FUTURERELEASE parameters say. Raises `NotSet`."""
    if not parameters:
        return None
    now = call.server.clock()
    try:
        ((name, value),) = parameters.items()
        moment = _FUTURE[name](now, value)
    except (KeyError, ValueError, OverflowError):
        words = "the parameters are one of HOLDFOR and HOLDUNTIL"
        raise NotSet("invalidProperties", words, "envelope") from None
    if moment - now > timedelta(seconds=call.limits.max_delayed_send):
        raise NotSet("invalidProperties", "this is too far ahead", "envelope")
    return moment


def _hold_for(now: datetime, value: Any) -> datetime:  # noqa: ANN401  # JSON
    return now + timedelta(seconds=int(text(value)))


def _hold_until(_: datetime, value: Any) -> datetime:  # noqa: ANN401  # JSON
    return utc_date(value)


_FUTURE: Final = {"HOLDFOR": _hold_for, "HOLDUNTIL": _hold_until}


def _ready(call: Call, message: Message) -> outgoing.Outgoing:
    """Return the octets to send. Raises `NotSet` ``invalidEmail``."""
    if not message.from_:
        raise NotSet("invalidEmail", "the message does not say who wrote it", "from")
    try:
        return outgoing.complete(
            bytes(message.raw[:]),
            author=message.from_[0],
            date=call.server.clock().astimezone(),
        )
    except InvalidArgument as why:
        raise NotSet("invalidEmail", str(why)) from None
