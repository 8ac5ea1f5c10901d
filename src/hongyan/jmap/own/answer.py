"""Answer/get: what a person begins with who replies, forwards, or writes a message once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.errors import InvalidArgument
from hongyan.jmap import identity
from hongyan.jmap.arguments import id_or_reference, one_of
from hongyan.jmap.blob import part_blob
from hongyan.jmap.email_set import several
from hongyan.jmap.errors import MethodError
from hongyan.mime import Address, answer, jmap
from hongyan.mime.html import Policy, sanitise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.mime import Message, Part
    from hongyan.mime.draft import Draft
    from hongyan.store import Email

KINDS: Final = ("reply", "replyAll", "replyList", "forward", "forwardAsAttachment", "editAsNew")


def _sanitised(html: str) -> str:
    """Return HTML to quote: nothing remote; its own pictures keep their ``cid:``."""
    return sanitise(html, Policy(resolve_cid=lambda cid: f"cid:{cid}", scope="quoted"))


_QUOTING: Final = answer.Quoting(sanitise=_sanitised)
_ANSWERS: Final[dict[str, Callable[[Message, Sequence[Address]], Draft]]] = {
    "reply": lambda message, me: answer.reply(message, me, quoting=_QUOTING),
    "replyAll": lambda message, me: answer.reply_all(message, me, quoting=_QUOTING),
    "replyList": lambda message, me: answer.reply_list(message, me, quoting=_QUOTING),
    "forward": lambda message, me: answer.forward(message, me, quoting=_QUOTING),
    "forwardAsAttachment": lambda message, me: answer.forward(message, me, quoting=_QUOTING),
}


def get(call: Call) -> Json:
    """Answer Answer/get."""
    email_id = call.resolve(call.take("emailId", id_or_reference))
    kind = call.take("kind", one_of(*KINDS))
    row = several(call, [email_id]).get(email_id)
    call.end()
    if row is None:
        raise MethodError("invalidArguments", "there is no such message", arguments=["emailId"])
    message = mime.parse(call.store.blobs.open(row.blob_id))
    if kind == "editAsNew":
        return call.answer(draft=_as_new(message, row))
    known = identity.every(call).values()
    me = [Address(each.name or None, each.email) for each in known]
    try:
        draft = _ANSWERS[kind](message, me)
    except InvalidArgument as why:
        raise MethodError("invalidArguments", str(why), arguments=["kind"]) from None
    return call.answer(draft=_draft(draft, _carried(kind, message, row, draft)))


def _draft(draft: Draft, attachments: list[Json]) -> Json:
    whole = bool(attachments) and attachments[0]["type"] == "message/rfc822"
    return {
        "from": jmap.addresses([draft.from_]),
        "to": jmap.addresses(draft.to),
        "cc": jmap.addresses(draft.cc),
        "bcc": jmap.addresses(draft.bcc),
        "subject": draft.subject,
        "inReplyTo": list(draft.in_reply_to) or None,
        "references": list(draft.references) or None,
        "text": "" if whole else draft.text,
        "html": None if whole else draft.html,
        "attachments": attachments,
    }


def _carried(kind: str, message: Message, row: Email, draft: Draft) -> list[Json]:
    """Return the parts that go along: pictures of the quotation, files of what is forwarded."""
    if kind == "forwardAsAttachment":
        name = f"{message.subject or 'message'}.eml"
        return [_attachment(row.blob_id, name, "message/rfc822", row.size)]
    html = draft.html or ""
    files = kind == "forward"
    return _parts(
        row,
        [each for each in _files(message) if files or (each.cid and f"cid:{each.cid}" in html)],
    )


def _files(message: Message) -> list[Part]:
    """Return what is not the text itself: attachments, and pictures that stand in the text."""
    shown = {part.part_id for part in (*message.body.text, *message.body.html)}
    in_text = [
        part
        for part in message.parts
        if part.part_id in shown and not part.content_type.startswith("text/")
    ]
    listed = {part.part_id for part in in_text}
    return in_text + [part for part in message.attachments if part.part_id not in listed]


def _as_new(message: Message, row: Email) -> Json:
    return {
        "from": jmap.addresses(message.from_),
        "to": jmap.addresses(message.to),
        "cc": jmap.addresses(message.cc),
        "bcc": jmap.addresses(message.bcc),
        "subject": message.subject,
        "inReplyTo": list(message.in_reply_to) or None,
        "references": list(message.references) or None,
        "text": message.text,
        "html": _sanitised(message.html) if message.html else None,
        "attachments": _parts(row, _files(message)),
    }


def _parts(row: Email, parts: Iterable[Part]) -> list[Json]:
    name = part_blob(row.blob_id)
    return [
        {
            **_attachment(name(each), each.filename or "", each.content_type, each.size),
            "cid": each.cid,
            "disposition": "inline" if each.cid else "attachment",
        }
        for each in parts
    ]


def _attachment(blob_id: str, name: str, kind: str, size: int) -> Json:
    return {
        "blobId": blob_id,
        "name": name,
        "type": kind,
        "size": size,
        "cid": None,
        "disposition": "attachment",
    }
