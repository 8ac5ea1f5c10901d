"""Reads messages to what a list and a search need: Hongyan, ``email``, GMime, a parser in Rust.

Subject, addresses, date, the ids of the thread, the text body decoded, and each attachment's name
and type, its content left alone.
"""

from __future__ import annotations

import email
import email.header
import email.policy
import email.utils
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from bench.clients import pile
from bench.clients.report import parameters, timed
from hongyan import mime

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message


Reader: TypeAlias = "Callable[[bytes], tuple[object, ...]]"


def hongyan(raw: bytes) -> tuple[object, ...]:
    message = mime.parse(raw)
    return (
        message.subject, message.from_, message.to, message.cc, message.date,
        message.message_id, message.in_reply_to, message.references, message.text,
        [(part.filename, part.content_type) for part in message.attachments],
    )  # fmt: skip


def default(raw: bytes) -> tuple[object, ...]:
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    addresses = [message[name].addresses if message[name] else () for name in ("From", "To", "Cc")]
    ids = [message[name] for name in ("Message-ID", "In-Reply-To", "References")]
    parts = [(part.get_filename(), part.get_content_type()) for part in message.iter_attachments()]
    date = message["Date"].datetime if message["Date"] else None
    return (str(message["Subject"]), *addresses, date, *ids, body.get_content(), parts)


def compat32(raw: bytes) -> tuple[object, ...]:
    message = email.message_from_bytes(raw)
    addresses = [
        email.utils.getaddresses(message.get_all(name, ())) for name in ("From", "To", "Cc")
    ]
    named = [[(decoded(name), address) for name, address in each] for each in addresses]
    ids = [message[name] for name in ("Message-ID", "In-Reply-To", "References")]
    text, parts = "", []
    for part in message.walk():
        if part.get_content_type() == "text/plain" and not text:
            text = text_of(part)
        elif not part.is_multipart():
            parts.append((part.get_filename(), part.get_content_type()))
    date = email.utils.parsedate_to_datetime(message["Date"])
    return (decoded(message["Subject"]), *named, date, *ids, text, parts)


def decoded(value: str) -> str:
    return str(email.header.make_header(email.header.decode_header(value)))


def text_of(part: Message[str, str]) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    return octets.decode(part.get_content_charset() or "ascii", "replace")


def fast_mail_parser(raw: bytes) -> tuple[object, ...]:
    import fast_mail_parser as rust

    mail = rust.parse_email(raw, mode="lazy")
    ids = [mail.headers.get(name) for name in ("Message-ID", "In-Reply-To", "References")]
    files = [(part.filename, part.mimetype) for part in mail.attachments]
    text = mail.text_plain or mail.text_html
    return (mail.subject, mail.from_, mail.to, mail.cc, mail.date_parsed, *ids, text, files)


READERS: dict[str, Reader] = {
    "hongyan": hongyan,
    "fast-mail-parser": fast_mail_parser,
    "policy.default": default,
    "compat32": compat32,
}


def reader_of(client: str) -> Reader:
    if client == "gmime":
        from bench.clients.gmime import Reader as GMime

        return GMime().read
    return READERS[client]


def read_all(
    reader: Callable[[bytes], tuple[object, ...]], messages: list[bytes]
) -> tuple[int, int]:
    count = sum(bool(reader(raw)[0]) for raw in messages)  # each has a subject
    return count, sum(map(len, messages))


def main() -> None:
    given = parameters()
    messages = pile.read(Path(given["path"]), given["count"])
    reader = reader_of(given["client"])
    timed(lambda: read_all(reader, messages))


main()
