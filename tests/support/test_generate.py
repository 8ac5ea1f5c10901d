"""The generator keeps what it promises, with the standard library as the judge."""

from __future__ import annotations

import email
import email.policy
import statistics

from tests.support.generate import MEAN, MEDIAN, TONGUES, messages


def test_the_same_seed_gives_the_same_octets() -> None:
    assert list(messages(20, 5)) == list(messages(20, 5))
    assert list(messages(20, 5)) != list(messages(20, 6))


def test_sizes_follow_the_law() -> None:
    sizes = [len(message) for message in messages(2000, 1)]
    assert abs(statistics.median(sizes) / MEDIAN - 1) < 0.1
    assert abs(statistics.mean(sizes) / MEAN - 1) < 0.15


def test_every_message_is_clean_and_every_language_occurs() -> None:
    charsets = set()
    for number, message in enumerate(messages(200, 3)):
        parsed = email.message_from_bytes(message, policy=email.policy.default)
        assert not parsed.defects
        assert str(parsed["Subject"]).endswith(f" {number}")
        text = parsed.get_body()
        assert text is not None
        assert "\N{REPLACEMENT CHARACTER}" not in text.get_content()
        charsets.add(text.get_content_charset())
        assert message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r")
        assert max(map(len, message.split(b"\r\n"))) <= 998
    assert charsets == {tongue.charset for tongue in TONGUES}


def test_some_lines_begin_with_dots_and_some_ends_are_missing() -> None:
    given = list(messages(500, 4))
    assert 0 < sum(b"\r\n." in message for message in given) < 100
    assert 0 < sum(not message.endswith(b"\r\n") for message in given) < 50
