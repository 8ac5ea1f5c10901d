"""The wire records that people look at: bounded, numbered, without secrets."""

from __future__ import annotations

from datetime import UTC, datetime

from hongyan.net.record import Direction
from hongyan.net.ring import CONNECTIONS, LINES, LONGEST, Numbered, Ring


def ring() -> Ring:
    return Ring(lambda: datetime(2026, 3, 14, 12, tzinfo=UTC))


def texts(lines: tuple[Numbered, ...]) -> list[str]:
    return [str(each.line) for each in lines]


def test_each_connection_has_its_lines_and_listeners_hear_them() -> None:
    records, heard = ring(), list[Numbered]()
    unsubscribe = records.subscribe(heard.append)
    first = records.recorder("pop3s://one", account_id="a1")
    second = records.recorder("smtps://two", account_id="a2")
    first.received(b"+OK\r\n")
    second.received(b"220 x\r\n220")
    first.sent(b"PASS open sesame\r\n", (b"open sesame",))
    first.received(b"-ERR open sesame is wrong\r\n")
    second.close()
    unsubscribe()
    first.received(b"unheard\r\n")
    newest, oldest = records.connections()
    assert (newest.url, newest.account_id, newest.open, newest.lines) == (
        "smtps://two",
        "a2",
        False,
        2,
    )
    assert (oldest.url, oldest.open, oldest.lines) == ("pop3s://one", True, 4)
    assert texts(records.lines(oldest.id, after=1)) == [
        "C: PASS <secret>\\r\\n",
        "S: -ERR <secret> is wrong\\r\\n",
        "S: unheard\\r\\n",
    ]
    assert [each.number for each in records.lines(oldest.id)] == [1, 2, 3, 4]
    assert len(heard) == 5
    assert records.lines("w99") == ()


def test_everything_is_bounded() -> None:
    records = ring()
    for number in range(CONNECTIONS + 5):
        recorder = records.recorder(f"pop3://{number}")
        for _ in range(LINES + 10 if number == CONNECTIONS + 4 else 1):
            recorder.received(b"x" * 3000 + b"\r\n")
    found = records.connections()
    assert len(found) == CONNECTIONS
    lines = records.lines(found[0].id)
    assert len(lines) == LINES
    assert lines[-1].number == LINES + 10
    assert len(lines[0].line.data) == LONGEST
    assert records.lines("w1") == (), "forgotten"


def test_of_a_large_block_both_ends_are_kept_in_whole_lines() -> None:
    records = ring()
    recorder = records.recorder("pop3://x")
    block = b"".join(b"line %d\r\n" % number for number in range(100_000))
    recorder.received(block)
    lines = records.lines("w1")
    assert lines[0].line.data == b"line 0\r\n"
    assert lines[-1].line.data == b"line 99999\r\n"
    (note,) = (each.line for each in lines if each.line.direction is Direction.NOTE)
    told = int(note.data.split()[0])
    kept = sum(len(each.line.data) for each in lines if each.line is not note)
    assert kept + told == len(block)
    assert kept < 5_000


def test_a_secret_within_a_large_block_is_remembered_all_the_same() -> None:
    records = ring()
    recorder = records.recorder("imap://x")
    recorder.sent(b"a" * 5000 + b" open sesame\r\n", (b"open sesame",))
    recorder.received(b"open sesame\r\n")
    assert "sesame" not in "".join(texts(records.lines("w1")))
