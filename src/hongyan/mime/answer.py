"""Answers to a message, as drafts: reply, reply to all, reply to the list, forward, edit as new.

RFC 5322 §3.6.3-3.6.4 (Reply-To, References), RFC 2369 §3.4 (List-Post), Mail-Followup-To, RFC 3676
§5 (quoting). What was received is only data: control characters go, what cannot be an address or a
msg-id is left out, so that a draft made here can always be built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.mime.address import mailboxes
from hongyan.mime.content_type import parse_content_type
from hongyan.mime.draft import Attachment, Draft
from hongyan.mime.encode import identifier
from hongyan.mime.quote import (
    fwd_subject,
    one_line,
    quoted,
    quoted_html,
    re_subject,
    several_lines,
)
from hongyan.mime.recipients import wire_address
from hongyan.mime.related import content_ids
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hongyan.mime.received import Received, ReceivedPart

REFERENCES: Final = 20  # the root and the nearest ancestors: enough for any threading

_LIST_POST: Final = re.compile(rb"<\s*mailto:([^>?\s]{3,254})[^>]*>", re.IGNORECASE)
_CHARSET: Final = re.compile(r"[A-Za-z0-9._:+-]{1,60}")


def wrote(message: Received) -> str:
    """Return the line over the quotation of a reply."""
    author = _listed(message.from_[:1]) or "somebody"
    when = f"On {message.date:%Y-%m-%d %H:%M}, " if message.date else ""
    return f"{when}{author} wrote:"


def forwarded(message: Received) -> str:
    """Return the lines over a forwarded text: who wrote it, when, about what, to whom."""
    fields = (
        ("From", _listed(message.from_)),
        ("Date", f"{message.date:%Y-%m-%d %H:%M %z}" if message.date else ""),
        ("Subject", one_line(message.subject)),
        ("To", _listed(message.to)),
        ("Cc", _listed(message.cc)),
    )
    lines = (f"{name}: {value}" for name, value in fields if value)
    return "\n".join(("---------- Forwarded message ----------", *lines))


@dataclass(frozen=True, slots=True)
class Quoting:
    """How the original is quoted.

    ``wrote`` and ``forwarded`` give the lines above it, in the person's language. HTML is quoted
    only through ``sanitise``, which has to take out whatever loads, runs or is hidden.
    """

    wrote: Callable[[Received], str] = wrote
    forwarded: Callable[[Received], str] = forwarded
    sanitise: Callable[[str], str] | None = None


_QUOTING: Final = Quoting()


def reply(message: Received, me: Sequence[Address], *, quoting: Quoting = _QUOTING) -> Draft:
    """Return a reply to the author: to Reply-To, else From; to its To if I wrote it myself.

    ``me`` are my addresses, the usual one first; it is answered from the one it was sent to.
    """
    return _reply(message, me, to=_authors(message, me), cc=(), quoting=quoting)


def reply_all(message: Received, me: Sequence[Address], *, quoting: Quoting = _QUOTING) -> Draft:
    """Return a reply to everybody: to Mail-Followup-To if there is one, else to all but me."""
    followup = _without(mailboxes(message.header("Mail-Followup-To")), me)
    to = followup or _authors(message, me)
    cc = () if followup else _without((*message.to, *message.cc), (*me, *to))
    return _reply(message, me, to=to, cc=cc, quoting=quoting)


def reply_list(message: Received, me: Sequence[Address], *, quoting: Quoting = _QUOTING) -> Draft:
    """Return a reply to the list alone; `InvalidArgument` when it names no address to post to."""
    found = _LIST_POST.search((message.header("List-Post") or b"")[:2000])
    to = _usable((Address(None, found[1].decode("ascii", "replace")),) if found else ())
    if not to:
        raise InvalidArgument("List-Post", "the message names no list to reply to")
    return _reply(message, me, to=to, cc=(), quoting=quoting)


def forward(message: Received, me: Sequence[Address], *, quoting: Quoting = _QUOTING) -> Draft:
    """Return a draft that carries text and attachments on; its recipients are to be filled in."""
    heading = quoting.forwarded(message)
    return Draft(
        from_=_myself(message, me),
        subject=fwd_subject(message.subject),
        text=f"{heading}\n\n{several_lines(message.text)}",
        html=_html(message, heading, quoting),
        attachments=tuple(map(_carried, message.attachments)),
    )


def edit_as_new(message: Received, me: Sequence[Address], *, quoting: Quoting = _QUOTING) -> Draft:
    """Return a new draft with all that ``message`` has: recipients, texts, files, its place.

    It comes from the address of mine that it came from, else from the usual one.
    """
    html = None
    if quoting.sanitise is not None and message.html is not None:
        html = several_lines(quoting.sanitise(message.html))
    mine = {address.email.lower(): address for address in reversed(me)}
    before = next((mine[a.email.lower()] for a in message.from_ if a.email.lower() in mine), None)
    return Draft(
        from_=before or _myself(message, me),
        to=_usable(message.to),
        cc=_usable(message.cc),
        bcc=_usable(mailboxes(message.header("Bcc"))),
        subject=one_line(message.subject),
        text=several_lines(message.text),
        html=html,
        attachments=tuple(map(_carried, message.attachments)),
        in_reply_to=_identifiers(message.in_reply_to),
        references=_identifiers(message.references),
    )


def references(message: Received) -> tuple[str, ...]:
    """Return the References of an answer (RFC 5322 §3.6.4), the middle left out of a long chain."""
    ancestors = message.references or (message.in_reply_to if len(message.in_reply_to) == 1 else ())
    chain = _identifiers((*ancestors, message.message_id))
    return chain if len(chain) <= REFERENCES else (chain[0], *chain[1 - REFERENCES :])


def _reply(
    message: Received,
    me: Sequence[Address],
    *,
    to: tuple[Address, ...],
    cc: tuple[Address, ...],
    quoting: Quoting,
) -> Draft:
    heading = quoting.wrote(message)
    html = _html(message, heading, quoting)
    shown = content_ids(html or "")
    return Draft(
        from_=_myself(message, me),
        to=to,
        cc=cc,
        subject=re_subject(message.subject),
        text=f"{heading}\n{quoted(message.text)}",
        html=html,
        attachments=tuple(_carried(part) for part in message.attachments if part.cid in shown),
        in_reply_to=_identifiers((message.message_id,)),
        references=references(message),
    )


def _html(message: Received, heading: str, quoting: Quoting) -> str | None:
    if quoting.sanitise is None or message.html is None:
        return None
    return quoted_html(quoting.sanitise(message.html), heading)


def _authors(message: Received, me: Sequence[Address]) -> tuple[Address, ...]:
    """Return whom a reply goes to; my own message is answered to those it was written to."""
    mine = _emails(me)
    if message.from_ and all(address.email.lower() in mine for address in message.from_):
        return _without(message.to, me) or _usable(message.from_)
    authors = _usable(message.reply_to) or _usable(message.from_)
    return _without(authors, me) or authors


def _myself(message: Received, me: Sequence[Address]) -> Address:
    if not me:
        raise InvalidArgument("me", "an answer needs an address to come from")
    addressed = _emails((*message.to, *message.cc))
    return next((address for address in me if address.email.lower() in addressed), me[0])


def _without(addresses: Iterable[Address], others: Sequence[Address]) -> tuple[Address, ...]:
    unwanted = _emails(others)
    return tuple(each for each in _usable(addresses) if each.email.lower() not in unwanted)


def _usable(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Return the addresses that mail can be sent to, each once, their names on one line."""
    found: dict[str, Address] = {}
    for address in addresses:
        try:
            wire_address("To", address.email)
        except InvalidArgument:
            continue
        name = one_line(address.name or "") or None
        found.setdefault(address.email.lower(), replace(address, name=name))
    return tuple(found.values())


def _emails(addresses: Iterable[Address]) -> frozenset[str]:
    return frozenset(address.email.lower() for address in addresses)


def _listed(addresses: Iterable[Address]) -> str:
    return ", ".join(
        one_line(f"{address.name} <{address.email}>" if address.name else address.email)
        for address in addresses
    )


def _identifiers(values: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``values`` that are msg-ids, each once."""
    found: dict[str, None] = {}
    for value in values:
        try:
            found[identifier("References", value.strip().removeprefix("<").removesuffix(">"))] = (
                None
            )
        except InvalidArgument:
            continue
    return tuple(found)


def _carried(part: ReceivedPart) -> Attachment:
    kind = part.content_type
    if kind.startswith("text/") and part.charset and _CHARSET.fullmatch(part.charset):
        kind = f"{kind}; charset={part.charset}"
    try:
        parse_content_type("attachment type", kind)
    except InvalidArgument:
        kind = "application/octet-stream"
    return Attachment(one_line(part.filename or ""), part.chunks, kind, _cid(part))


def _cid(part: ReceivedPart) -> str:
    return next(iter(_identifiers((part.cid or "",))), "")
