"""A mailto: link as a draft (RFC 6068).

A link comes from a stranger's page. It may fill To, Cc, Subject, Body and In-Reply-To, nothing
else: no Bcc, sender, file, HTML or other field. What it fills in is shown before anything is sent.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from hongyan.errors import InvalidArgument
from hongyan.mime.draft import Draft
from hongyan.mime.encode import identifier
from hongyan.mime.quote import one_line, several_lines
from hongyan.mime.recipients import parse_recipients, wire_address
from hongyan.mime.types import Address

LONGEST: Final = 100_000  # characters

_SCHEME: Final = "mailto:"


def mailto(link: str, sender: Address) -> Draft:
    """Return the draft that ``link`` asks for, from ``sender``; the first of a field counts.

    Raises `InvalidArgument` (``mailto``, ``to``, ``cc`` or ``in-reply-to``) for another scheme, a
    link that is too long or not percent-encoded UTF-8, and addresses that mail cannot be sent to.
    """
    if link[: len(_SCHEME)].lower() != _SCHEME:
        raise InvalidArgument("mailto", "this is no mailto: link")
    if len(link) > LONGEST:
        raise InvalidArgument("mailto", f"the link is longer than {LONGEST} characters")
    path, _, query = link[len(_SCHEME) :].partition("#")[0].partition("?")
    fields = _fields(query)
    answered = fields.get("in-reply-to", "").strip(" <>")
    parents = (identifier("in-reply-to", answered),) if answered else ()
    return Draft(
        from_=sender,
        to=(*_path(path), *parse_recipients(fields.get("to", ""), field="to")),
        cc=parse_recipients(fields.get("cc", ""), field="cc"),
        subject=one_line(fields.get("subject", "")),
        text=several_lines(fields.get("body", "")),
        in_reply_to=parents,
        references=parents,
    )


def _path(path: str) -> tuple[Address, ...]:
    """Return the addresses before the ``?``: parted by commas first, decoded then (§2 item 2)."""
    emails = [_decoded(piece) for piece in path.split(",") if piece]
    for email in emails:
        wire_address("to", email)
    return tuple(Address(None, email) for email in emails)


def _fields(query: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in query.split("&"):
        name, _, value = field.partition("=")
        fields.setdefault(_decoded(name).lower(), _decoded(value))
    return fields


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")  # a "+" is a plus here, not a space
    except UnicodeDecodeError:
        raise InvalidArgument("mailto", "the link is not percent-encoded UTF-8") from None
