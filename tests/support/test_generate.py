"""The generator keeps what it promises, with the standard library as the judge."""

from __future__ import annotations

import email
import email.policy
import statistics

import pytest

from tests.support.generate import MEAN, MEDIAN, TONGUES, Line, messages, prose, sentence


def test_the_same_seed_gives_the_same_octets() -> None:
    assert list(messages(20, 5)) == list(messages(20, 5))
    assert list(messages(20, 5)) != list(messages(20, 6))


@pytest.mark.parametrize("line", [sentence, prose])
def test_sizes_follow_the_law(line: Line) -> None:
    sizes = [len(message) for message in messages(2000, 1, line=line)]
    assert abs(statistics.median(sizes) / MEDIAN - 1) < 0.1
    assert abs(statistics.mean(sizes) / MEAN - 1) < 0.15


@pytest.mark.parametrize("line", [sentence, prose])
def test_every_message_is_clean_and_every_language_occurs(line: Line) -> None:
    charsets = set()
    for number, message in enumerate(messages(200, 3, line=line)):
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


def test_prose_has_the_words_of_real_mail() -> None:
    """A few sentences have a hundred words, however often they are said."""
    words = [_words(line) for line in (sentence, prose)]
    assert words[0] < 400
    assert words[1] > 20 * words[0]


def _words(line: Line) -> int:
    found: set[str] = set()
    for message in messages(300, 2, line=line):
        text = email.message_from_bytes(message, policy=email.policy.default).get_body()
        assert text is not None
        found.update(text.get_content().split())
    return len(found)
