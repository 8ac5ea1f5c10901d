"""What another program made goes out without its Bcc, whatever its line ends are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hongyan.dots import Normaliser
from hongyan.mime.outgoing import complete
from hongyan.mime.types import Address

ME = Address(None, "me@example.org")
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r", "mixed"])
def test_no_bcc_leaves(ends: str) -> None:
    raw = "To: a@b.example\nBcc: c@d.example,\n e@f.example\nSubject: x\n\nBcc: in the text\n"
    old, new = ("\nBcc: c", "\rBcc: c") if ends == "mixed" else ("\n", ends)
    raw = raw.replace(old, new)
    found = complete(raw.encode(), author=ME, date=NOW)
    assert found.recipients == ("a@b.example", "c@d.example", "e@f.example")
    lines = Normaliser()
    header, _, text = (lines.feed(found.content) + lines.finish()).partition(b"\r\n\r\n")
    assert b"c@d.example" not in header
    assert b"e@f.example" not in header
    assert {b"From", b"Date", b"Message-ID", b"To", b"Subject"} == {
        line.partition(b":")[0] for line in header.split(b"\r\n")
    }
    assert text == b"Bcc: in the text\r\n"
