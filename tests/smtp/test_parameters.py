"""The commands that open a transaction: what is asked for, what is refused before an octet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, Refused
from hongyan.smtp import Envelope, Extensions, Limits, Notify, RecipientOptions, Ret, Verb, wire
from hongyan.smtp.parameters import opening
from tests.support.corpus import newlines

TWO_PM = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
AB = ("a@b.c", ("d@b.c",))
EVERYTHING = wire.extensions(
    [
        "mail", "SIZE 1000", "8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8", "DSN", "REQUIRETLS",
        "FUTURERELEASE 86400 2026-12-24T00:00:00Z", "LIMITS RCPTMAX=100 MAILMAX=20",
    ]
)  # fmt: skip
NOTHING = wire.extensions(["mail"])


def mail(offered: Extensions, *, secure: bool = True, **options: Any) -> str:
    return opening(offered, Envelope(*AB, **options), secure=secure).mail


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ""),
        ({"size": 0}, " SIZE=0"),
        ({"size": 1000}, " SIZE=1000"),
        ({"eight_bit": True}, " BODY=8BITMIME"),
        ({"binary": True, "eight_bit": True}, " BODY=BINARYMIME"),
        ({"utf8": True}, " SMTPUTF8"),
        ({"ret": Ret.FULL, "envid": "a b+c=d~!"}, " RET=FULL ENVID=a+20b+2Bc+3Dd~!"),
        ({"hold_for": 86400}, " HOLDFOR=86400"),
        ({"hold_until": TWO_PM}, " HOLDUNTIL=2026-11-23T14:00:00Z"),
        (
            {"hold_until": TWO_PM.astimezone(timezone(timedelta(hours=8)))},
            " HOLDUNTIL=2026-11-23T14:00:00Z",
        ),
        ({"require_tls": True}, " REQUIRETLS"),
    ],
)
def test_what_is_asked_for(options: dict[str, Any], words: str) -> None:
    assert mail(EVERYTHING, **options) == "FROM:<a@b.c>" + words


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"eight_bit": True}, "7-bit only"),
        ({"binary": True}, "binary data"),
        ({"utf8": True}, "a header with other letters"),
        ({"hold_for": 60}, "does not hold messages back"),
        ({"require_tls": True}, "5.7.30 the server does not promise"),
    ],
)
def test_what_is_not_offered_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        mail(NOTHING, **options)
    assert not refused.value.temporary


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": 1001}, "1001 octets, the server takes 1000"),
        ({"hold_for": 86401}, "86400 seconds at most"),
        ({"hold_until": datetime(2027, 1, 1, tzinfo=UTC)}, "until 2026-12-24"),
        ({"require_tls": True, "secure": False}, "under TLS only"),
    ],
)
def test_what_is_beyond_the_limits_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        mail(EVERYTHING, **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": -1}, "size"),
        ({"hold_for": 0}, "hold_for"),
        ({"hold_for": 5, "hold_until": TWO_PM}, "together"),
        ({"hold_until": datetime(2026, 11, 23)}, "time zone"),  # noqa: DTZ001 - that is the case
        ({"envid": "鸿雁"}, "printable ASCII"),
        ({"envid": "x" * 101}, "longer than 100"),
        ({"envid": "+" * 34}, "longer than 100"),
        ({"options": {"d@b.c": RecipientOptions(original="x" * 500)}}, "longer than 500"),
    ],
)
def test_what_makes_no_sense_is_named(options: dict[str, Any], says: str) -> None:
    for offered in (EVERYTHING, NOTHING):
        if "hold" not in str(options) or offered is EVERYTHING:
            with pytest.raises(InvalidArgument, match=says):
                mail(offered, **options)


def test_reports_that_cannot_be_had_are_done_without() -> None:
    envelope = Envelope(
        *AB,
        ret=Ret.HEADERS,
        envid="x",
        options={"d@b.c": RecipientOptions(frozenset({Notify.SUCCESS}), "e@f.g")},
    )
    found = opening(NOTHING, envelope, secure=True)
    assert (found.mail, found.rcpts) == ("FROM:<a@b.c>", ("TO:<d@b.c>",))
    assert found.left_out == ("DSN",)
    assert opening(EVERYTHING, envelope, secure=True).left_out == ()


def test_an_original_recipient_beyond_ascii_is_told_in_ascii() -> None:
    """RFC 6533 §3: unescaped it would need SMTPUTF8, which this transaction does without."""
    options = {"d@b.c": RecipientOptions(original="鸿+é=\\@b.c")}
    found = opening(EVERYTHING, Envelope(*AB, options=options), secure=True)
    told = "\\x{9E3F}\\x{2B}\\x{E9}\\x{3D}\\x{5C}@b.c"
    assert found.rcpts == (f"TO:<d@b.c> ORCPT=utf-8;{told}",)


@pytest.mark.parametrize("newline", newlines(breaking=True))
@pytest.mark.parametrize("offered", [EVERYTHING, NOTHING], ids=["offered", "not offered"])
def test_no_option_ends_a_command(offered: Extensions, newline: str) -> None:
    evil = f"x{newline}RCPT TO:<evil@example.com>"
    for options in (
        {"envid": evil},
        {"options": {"d@b.c": RecipientOptions(original=f"{evil}@example.org")}},
    ):
        with pytest.raises(InvalidArgument, match=r"envid|original"):
            mail(offered, **options)


@given(st.text(max_size=30))
def test_any_option_is_one_word_or_refused(value: str) -> None:
    options = {"d@b.c": RecipientOptions(original=value)}
    for given_ in ({"envid": value}, {"options": options}):
        try:
            found = opening(EVERYTHING, Envelope(*AB, **given_), secure=True)
        except InvalidArgument:
            continue
        for words in (found.mail, found.rcpts[0]):
            assert len(words.split(" ")) <= 2
            assert wire.command(Verb.MAIL, words).count(b"\n") == 1


@given(st.text(alphabet=[chr(octet) for octet in range(32, 127)], max_size=60))
def test_xtext_can_be_read_back(value: str) -> None:
    coded = wire.xtext(value)
    assert " " not in coded
    assert "=" not in coded
    octets = coded.encode()
    read, at = b"", 0
    while at < len(octets):
        plus = octets[at : at + 1] == b"+"
        read += bytes.fromhex(octets[at + 1 : at + 3].decode()) if plus else octets[at : at + 1]
        at += 3 if plus else 1
    assert read.decode() == value


@pytest.mark.parametrize(
    ("line", "limits"),
    [
        ("LIMITS MAILMAX=5 RCPTMAX=100 RCPTDOMAINMAX=2", Limits(5, 100, 2)),
        ("limits rcptmax=7", Limits(None, 7)),
        ("LIMITS RCPTMAX=0 MAILMAX=-1 RCPTDOMAINMAX=1e3", Limits()),
        ("LIMITS RCPTMAX=10000000 MAILMAX=x OTHER=5 RCPTMAX", Limits()),
        ("LIMITS", Limits()),
    ],
)
def test_limits(line: str, limits: Limits) -> None:
    assert wire.extensions(["mail", line]).limits == limits


@pytest.mark.parametrize(
    ("offered", "fit"),
    [("RCPTMAX=2", 2), ("RCPTDOMAINMAX=1", 3), ("RCPTDOMAINMAX=2", 4), ("RCPTMAX=99", 5)],
)
def test_recipients_within_the_limits(offered: str, fit: int) -> None:
    people = ("a@x.org", "b@X.org", "c@x.org", "d@y.org", "e@z.org")
    found = opening(
        wire.extensions(["m", f"LIMITS {offered}"]), Envelope("a@b.c", people), secure=True
    )
    assert found.rcpts == tuple(f"TO:<{each}>" for each in people[:fit])


@pytest.mark.parametrize(
    "line",
    [
        "FUTURERELEASE", "FUTURERELEASE 100", "FUTURERELEASE x 2030-01-01T00:00:00Z",
        "FUTURERELEASE 1 never", "FUTURERELEASE 1 2030-01-01T00:00:00", "FUTURERELEASE 99999999999 2030-01-01T00:00:00Z",
        "FUTURERELEASE 1 9999-12-31T23:59:59-23:59", "FUTURERELEASE 1 0001-01-01T00:00:00+23:59",
    ],
)  # fmt: skip
def test_a_future_release_without_sense_is_none(line: str) -> None:
    assert wire.extensions(["mail", line]).future_release is None


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_offer_can_be_read(lines: list[str]) -> None:
    for word in ("", "LIMITS ", "FUTURERELEASE ", "FUTURERELEASE 5 ", "SIZE "):
        found = wire.extensions(["mail", *(word + line for line in lines)])
        assert found.size_limit is None or found.size_limit > 0
