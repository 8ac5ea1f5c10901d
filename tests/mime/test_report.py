"""Delivery reports and read receipts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import parse
from hongyan.mime.report import Outcome, Result, report

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "mimekit" / "messages"
BOUNCE = b"""\
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; a@example.net
Action: failed
Status: 5.1.1 (no such user)
Diagnostic-Code: smtp; 550 5.1.1
 unknown

Final-Recipient: rfc822; b@example.net
Action: delayed
Status: 4.4.1
--b
Content-Type: text/rfc822-headers

Message-ID: <1@example.org>
--b--
"""
RECEIPT = b"""\
Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822;a@example.net
Original-Message-ID: <1@example.org>
Disposition: manual-action/MDN-sent-manually; displayed
--b--
"""


def test_delivery_report() -> None:
    found = report(parse(BOUNCE))
    assert found is not None
    assert found.original_id == "1@example.org"
    assert found.results == (
        Result("a@example.net", Outcome.FAILED, "5.1.1", "550 5.1.1 unknown"),
        Result("b@example.net", Outcome.DELAYED, "4.4.1", ""),
    )


def test_read_receipt() -> None:
    found = report(parse(RECEIPT))
    assert found is not None
    assert found.original_id == "1@example.org"
    assert [(one.recipient, one.outcome) for one in found.results] == [
        ("a@example.net", Outcome.DISPLAYED)
    ]


def test_plain_message_is_no_report() -> None:
    assert report(parse(b"Subject: x\n\nbody")) is None


@given(st.lists(st.sampled_from(BOUNCE.splitlines(keepends=True)), max_size=30).map(b"".join))
def test_any_report_is_read(raw: bytes) -> None:
    found = report(parse(b"Content-Type: message/delivery-status\n\n" + raw))
    assert found is not None
    assert all(one.recipient for one in found.results)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
@pytest.mark.parametrize(
    "name",
    ["disposition-notification.txt"]
    + [f"delivery-status{end}.txt" for end in ("", "2", "-no-blank-line", "-multiple-blank-lines")],
)
def test_reports_of_the_corpus(name: str) -> None:
    found = report(parse((CORPUS / name).read_bytes()))
    assert found is not None
    assert found.results
    assert all("@" in one.recipient for one in found.results)
    assert all(one.outcome is not Outcome.OTHER for one in found.results)
