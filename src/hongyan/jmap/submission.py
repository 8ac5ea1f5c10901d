"""EmailSubmission (RFC 8621 §7): what is on its way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan import mime
from hongyan.errors import NotFound
from hongyan.jmap import setting
from hongyan.jmap.arguments import Arguments, id_or_reference, json_object, mapping, optional
from hongyan.jmap.errors import Json, NotSet
from hongyan.store import Kind

if TYPE_CHECKING:
    from hongyan.jmap.call import Call

_follow_ups = optional(mapping(id_or_reference, json_object))


def set_(call: Call) -> Json:
    """Answer EmailSubmission/set."""
    account = call.account
    state = setting.take_if_in_state(call)
    wanted = setting.take(call)
    updates = call.take("onSuccessUpdateEmail", _follow_ups, None) or {}
    call.end()
    emails: dict[str, str] = {}

    def create(call: Call, given: Json) -> Json:
        id_, email = _create(call, given)
        emails[id_] = email
        return {"id": id_}

    with call.store.transaction():
        old = setting.require_state(call, Kind.SUBMISSION, state)
        outcome = setting.carry_out(call, wanted, setting.Actions(create, _never, _cancel))
        new = call.store.changes.state(account.id, Kind.SUBMISSION)
    if outcome.created:
        call.server.wake(account.id)
    patches = {
        emails[call.resolve(name)]: patch
        for name, patch in updates.items()
        if call.resolve(name) in emails
    }
    if patches:
        call.follow("Email/set", {"accountId": account.id, "update": patches})
    return call.answer(oldState=old, newState=new, **outcome.json())


def _create(call: Call, given: Json) -> tuple[str, str]:
    fields = Arguments(given)
    email_id = call.resolve(fields.take("emailId", id_or_reference))
    fields.take("identityId", id_or_reference)
    fields.take("envelope", optional(json_object), None)
    fields.end()
    row = call.store.messages.get(email_id)
    if row.account_id != call.account.id:
        raise NotFound("no such message")
    message = mime.parse(call.store.blobs.open(row.blob_id))
    recipients = [each.email for each in (*message.to, *message.cc, *message.bcc)]
    if not recipients:
        raise NotSet("noRecipients")
    item = call.store.outbox.add(
        call.account.id,
        call.store.blobs.read(row.blob_id),
        sender=call.account.address,
        recipients=recipients,
        message_id=row.message_id,
    )
    return item, email_id


def _never(_: Call, __: str, ___: Json) -> None:
    raise NotSet("forbidden", "not yet")


def _cancel(call: Call, id_: str) -> None:
    call.store.outbox.forget(id_)
