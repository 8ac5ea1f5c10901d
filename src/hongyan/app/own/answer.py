"""Answer/get: the draft that a reply, a forward or an edit as new begins with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.errors import InvalidArgument, NotFound
from hongyan.jmap import blob
from hongyan.jmap.arguments import id_or_reference, one_of
from hongyan.jmap.errors import MethodError
from hongyan.mime import answer
from hongyan.mime.html import Policy, sanitise
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.mime import Message, Part
    from hongyan.mime.draft import Draft
    from hongyan.store import Email

_OWN_PICTURES: Final = Policy(resolve_cid=lambda cid: f"cid:{cid.strip('<>')}")
_QUOTING: Final = answer.Quoting(sanitise=lambda html: sanitise(html, _OWN_PICTURES))
_ANSWERS: Final[Mapping[str, Callable[..., Draft]]] = {
    "reply": answer.reply,
    "replyAll": answer.reply_all,
    "replyList": answer.reply_list,
    "forward": answer.forward,
    "forwardAsAttachment": answer.forward,
    "editAsNew": answer.edit_as_new,
}
_CARRYING: Final = frozenset({"forward", "editAsNew"})
_kind = one_of(*_ANSWERS)


def answer_(call: Call) -> Json:
    """Answer Answer/get: a draft of the kind, its attachments named by their blobs."""
    account = call.account
    email_id, kind = call.take("emailId", id_or_reference), call.take("kind", _kind)
    call.end()
    row = _row(call, call.resolve(email_id))
    message = mime.parse(blob.of_message(call.server, row))
    own = [
        Address(each.name or None, each.email) for each in call.store.identities.list(account.id)
    ]
    me = own or [Address(account.name or None, account.address)]
    try:
        draft = _ANSWERS[kind](message, me, quoting=_QUOTING)
    except InvalidArgument as why:
        raise MethodError("invalidArguments", str(why)) from None
    if kind == "forwardAsAttachment":
        return {
            "draft": {**_json(replace(draft, text="", html=None), []), "attachments": [_whole(row)]}
        }
    return {"draft": _json(draft, _carried(message, row, draft, everything=kind in _CARRYING))}


def _row(call: Call, email_id: str) -> Email:
    try:
        row = call.store.messages.get(email_id)
    except NotFound as why:
        raise MethodError("notFound", str(why)) from None
    if row.account_id != call.account.id:
        raise MethodError("notFound", "there is no such message in this account")
    return row


def _carried(message: Message, row: Email, draft: Draft, *, everything: bool) -> list[Json]:
    """Return the parts that go along: all of them, or those that the quoted HTML shows."""
    html, name = draft.html or "", blob.part_blob(row.blob_id)
    shown = [part for part in message.parts if part.cid and f"cid:{part.cid}" in html]
    listed = [part for part in message.attachments if part.part_id] if everything else []
    return [_part(part, name(part)) for part in dict.fromkeys((*shown, *listed))]


def _part(part: Part, blob_id: str) -> Json:
    return {
        "blobId": blob_id,
        "name": part.filename or "",
        "type": part.content_type,
        "size": sum(map(len, part.chunks())),
        "cid": part.cid,
        "disposition": "inline" if part.cid else "attachment",
    }


def _whole(row: Email) -> Json:
    name = f"{row.subject or 'message'}.eml".replace("/", "-")
    kind = {"type": "message/rfc822", "cid": None, "disposition": "attachment"}
    return {"blobId": row.blob_id, "name": name, "size": row.size, **kind}


def _json(draft: Draft, attachments: list[Json]) -> Json:
    return {
        "from": _addresses((draft.from_,)),
        "to": _addresses(draft.to),
        "cc": _addresses(draft.cc),
        "bcc": _addresses(draft.bcc),
        "subject": draft.subject,
        "inReplyTo": list(draft.in_reply_to) or None,
        "references": list(draft.references) or None,
        "text": draft.text,
        "html": draft.html,
        "attachments": attachments,
    }


def _addresses(addresses: Sequence[Address]) -> list[Json]:
    return [{"name": each.name, "email": each.email} for each in addresses]
