"""`email` and fast-mail-parser as oracles: each disagreement is listed with its reason."""

from __future__ import annotations

import email
import email.policy
import re
import unicodedata
import warnings
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import fast_mail_parser
import pytest

from hongyan.mime import Message, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
EXPLAINED = ROOT / "docs" / "decisions" / "0010-mime-expectations.md"
SETS = ("cpython-email", "ruby-mail", "postal-mime", "mimekit/messages")

SURROGATE = re.compile(r"\\udc[89a-f][0-9a-f]|[\udc80-\udcff]")

OWN = """\
From: "Jane Doe" <jane@example.org>
To: bob@example.net, Carol <carol@example.net>
Subject: =?utf-8?q?Caf=C3=A9?= and =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=
Date: Mon, 23 Nov 2026 10:00:00 +0800
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
--b
Content-Type: application/octet-stream; name="a.bin"
Content-Transfer-Encoding: base64

AAEC
--b--
"""


def squeeze(text: str) -> str:
    clean = "".join(mark for mark in text if mark.isspace() or mark.isprintable())
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", clean).strip())


def leaves(message: EmailMessage) -> Iterator[tuple[str, bytes]]:
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            kind = part.get_content_type()
            kind = "text/plain" if kind.startswith("multipart/") else kind  # one without parts
            yield kind, content if isinstance(content, bytes) else b""


def theirs(raw: bytes) -> dict[str, object]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    found: dict[str, object] = {}
    for name in ("subject", "from", "to", "date", "message-id"):
        try:
            value = message[name]
        except Exception:  # noqa: BLE001 - it raises much; then it is no oracle
            continue
        found[name] = value
    oracle: dict[str, object] = {
        "subject": squeeze(str(found.get("subject") or "")),
        "date": getattr(found.get("date"), "datetime", None),
    }
    for name in ("from", "to"):
        if name in found:
            addresses = getattr(found[name], "addresses", ())
            pairs = [(squeeze(one.display_name), one.addr_spec) for one in addresses]
            if not SURROGATE.search(str(pairs)):  # raw octets that it does not decode
                oracle[name] = [(name_, "" if spec == "<>" else spec) for name_, spec in pairs]
    if not any(part.get_content_maintype() == "message" for part in message.walk()):
        oracle["leaves"] = [(kind, octets.strip()) for kind, octets in leaves(message)]
    return oracle


def ours(message: Message) -> dict[str, object]:
    return {
        "subject": squeeze(message.subject),
        "date": message.date,
        "from": [(squeeze(one.name or ""), one.email) for one in message.from_],
        "to": [(squeeze(one.name or ""), one.email) for one in message.to],
        "leaves": [(p.content_type, p.content().strip()) for p in message.parts if not p.children],
    }


def in_rust(raw: bytes) -> dict[str, object]:
    """Return what fast-mail-parser reads."""
    mail = fast_mail_parser.parse_email(raw)
    everyone = {"from": [mail.from_] if mail.from_ else [], "to": mail.to}
    return {
        "subject": squeeze(mail.subject or ""),
        "date": mail.date_parsed,
        **{
            name: [(squeeze(one.display_name or ""), one.address) for one in people]
            for name, people in everyone.items()
        },
    }


def disagreements(
    raw: bytes, theirs: Callable[[bytes], dict[str, object]] = theirs
) -> dict[str, tuple[object, object]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = theirs(raw)
        except Exception:  # noqa: BLE001 - a message that it cannot read is no oracle
            return {}
    found = ours(parse(raw))
    return {
        key: (value, found[key])
        for key, value in expected.items()
        if value != found[key] and value is not None
    }


def test_plain_messages_read_alike() -> None:
    assert disagreements(OWN.encode()) == {}
    assert disagreements(OWN.replace("\n", "\r\n").encode()) == {}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
@pytest.mark.parametrize(("prefix", "other"), [("", theirs), ("rust:", in_rust)])
def test_disagreements_are_listed(prefix: str, other: Callable[[bytes], dict[str, object]]) -> None:
    listed = EXPLAINED.read_text("utf-8")
    files = [p for name in SETS for p in sorted((CORPUS / name).rglob("*")) if p.is_file()]
    unlisted = [
        f"{prefix}{path.relative_to(CORPUS)}:{key}\n  they {str(a)[:400]}\n  we   {str(b)[:400]}"
        for path in files
        if path.suffix in {".eml", ".txt"} and "LICENSE" not in path.name
        for key, (a, b) in disagreements(path.read_bytes(), other).items()
        if f"`{prefix}{path.relative_to(CORPUS)}:{key}`" not in listed
    ]
    assert not unlisted, "\n".join([f"{len(unlisted)}", *unlisted])
