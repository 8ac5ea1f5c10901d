"""Email/import, Email/copy and Email/parse (RFC 8621 §4.7-4.9)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.errors import NotFound
from hongyan.jmap import blob, setting
from hongyan.jmap.arguments import (
    Arguments,
    array,
    id_,
    id_or_reference,
    json_object,
    mapping,
    optional,
    text,
)
from hongyan.jmap.call import account_of
from hongyan.jmap.email import EmailWish, Shown
from hongyan.jmap.email_create import Placed, created
from hongyan.jmap.email_parts import chunks_of
from hongyan.jmap.errors import Json, MethodError, NotSet
from hongyan.jmap.setting import Outcome, each, errors_json
from hongyan.store import Kind
from hongyan.store.arrival import arrival

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.mime import Message
    from hongyan.store import Account, Blob
    from hongyan.store.protection import Octets

_emails = mapping(id_, json_object)
_blob_ids = array(id_)
_HEADER: Final = 1 << 18  # octets, in which the fields of a message are
PARSED: Final = (
    "messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo",
    "subject", "sentAt", "hasAttachment", "preview", "bodyValues", "textBody", "htmlBody",
    "attachments",
)  # fmt: skip


def _same(message: Message) -> Message:
    return message


def import_(call: Call) -> Json:
    """Answer Email/import."""
    account = call.account
    state = setting.take_if_in_state(call)
    emails = call.take("emails", _emails)
    call.end()
    _limit(call, emails)
    outcome = Outcome()
    with call.store.transaction():
        old = setting.require_state(call, Kind.EMAIL, state)
        for name, given in emails.items():
            with each(call, outcome.not_created, name):
                outcome.created[name] = _import(call, given)
                call.created[name] = str(outcome.created[name]["id"])
        new = call.store.changes.state(account.id, Kind.EMAIL)
    call.changed(old, new)
    return call.answer(
        oldState=old,
        newState=new,
        created=outcome.created or None,
        notCreated=errors_json(outcome.not_created),
    )


def _limit(call: Call, emails: Json) -> None:
    if len(emails) > (most := call.limits.max_objects_in_set):
        raise MethodError("requestTooLarge", f"at most {most} messages at once")


def _import(call: Call, given: Json) -> Json:
    fields = Arguments(given)
    blob_id = fields.take("blobId", id_)
    says_when = given.get("receivedAt") is not None
    placed = Placed.take(call, fields)
    fields.end()
    try:
        octets = blob.find(call.server, blob_id).octets
    except NotFound:
        words = f"there is no blob {blob_id}"
        raise NotSet("invalidProperties", words, "blobId") from None
    if not mime.parse(octets).headers:
        raise NotSet("invalidEmail", "these octets are no message")
    if not says_when:
        placed = placed.at(arrival(bytes(octets[:_HEADER]), placed.received_at))
    return created(placed.add(call, _kept(call, octets)))


def _kept(call: Call, octets: Octets) -> Blob:
    with call.store.blobs.writer() as writer:
        for chunk in chunks_of(octets)():
            writer.write(chunk)
        return writer.finish()


def copy(call: Call) -> Json:
    """Answer Email/copy: from one account of the person to another."""
    account = call.account
    source = _source(call)
    from_state = call.take("ifFromInState", optional(text), None)
    state = setting.take_if_in_state(call)
    create = call.take("create", _emails)
    destroy = call.flag("onSuccessDestroyOriginal")
    destroy_state = call.take("destroyFromIfInState", optional(text), None)
    call.end()
    _limit(call, create)
    outcome, originals = Outcome(), []
    blob.bring(call.server, call.store.messages.list(_sources(call, create)))
    with call.store.transaction():
        if from_state not in (None, call.store.changes.state(source.id, Kind.EMAIL)):
            raise MethodError("stateMismatch")
        old = setting.require_state(call, Kind.EMAIL, state)
        for name, given in create.items():
            with each(call, outcome.not_created, name):
                original, outcome.created[name] = _copy(call, source, given)
                originals.append(original)
                call.created[name] = str(outcome.created[name]["id"])
        new = call.store.changes.state(account.id, Kind.EMAIL)
    call.changed(old, new)
    if destroy and originals:
        follows: Json = {"accountId": source.id, "destroy": originals}
        call.follow("Email/set", follows | ({"ifInState": destroy_state} if destroy_state else {}))
    return {
        "fromAccountId": source.id,
        "accountId": account.id,
        "oldState": old,
        "newState": new,
        "created": outcome.created or None,
        "notCreated": errors_json(outcome.not_created),
    }


def _source(call: Call) -> Account:
    account_id = call.take("fromAccountId", id_)
    try:
        source = account_of(call.store, account_id)
    except MethodError:
        raise MethodError("fromAccountNotFound") from None
    if source.id == call.account.id:
        raise MethodError("invalidArguments", "a copy goes from one account to another")
    return source


def _sources(call: Call, create: Json) -> list[str]:
    ids = (given.get("id") for given in create.values())
    return [call.resolve(each) for each in ids if isinstance(each, str)]


def _copy(call: Call, source: Account, given: Json) -> tuple[str, Json]:
    fields = Arguments(given)
    email_id = call.resolve(fields.take("id", id_or_reference))
    row = next(iter(call.store.messages.list([email_id])), None)
    if row is None or row.account_id != source.id:
        raise NotSet("notFound", f"there is no message {email_id} in that account")
    placed = Placed.take(call, fields)
    fields.end()
    if given.get("keywords") is None:
        placed = placed.marked(row.keywords)
    if given.get("receivedAt") is None:
        placed = placed.at(row.received_at)
    return email_id, created(placed.add(call, _kept(call, blob.of_message(call.server, row))))


def parse(call: Call) -> Json:
    """Answer Email/parse: messages that are blobs, or parts of messages."""
    _ = call.account
    blob_ids = list(dict.fromkeys(call.take("blobIds", _blob_ids)))
    wish = EmailWish.take(call, every=PARSED, always=())
    call.end()
    if len(blob_ids) > call.limits.max_objects_in_get:
        raise MethodError("requestTooLarge")
    parsed: Json = {}
    not_parsable, not_found = [], []
    for blob_id in blob_ids:
        try:
            message = mime.parse(blob.find(call.server, blob_id).octets)
        except NotFound:
            not_found.append(blob_id)
            continue
        if message.headers:
            parsed[blob_id] = wish.show(Shown(blob_id, None, wish.body, partial(_same, message)))
        else:
            not_parsable.append(blob_id)
    return call.answer(
        parsed=parsed or None, notParsable=not_parsable or None, notFound=not_found or None
    )
