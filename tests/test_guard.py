"""What may cross a border: arguments outwards, foreign words to a screen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.guard import argument, shown, shown_text


@given(st.text())
def test_an_argument_passes_whole_or_not_at_all(value: str) -> None:
    try:
        assert argument("field", value) is value
    except InvalidArgument:
        return
    assert not set(value) & set("\r\n\0\x85\u2028\u2029")


@pytest.mark.parametrize(
    "char", ["\0", "\r", "\n", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\ud800"]
)
def test_what_could_end_a_command_is_named(char: str) -> None:
    with pytest.raises(InvalidArgument, match=f"U\\+{ord(char):04X}"):
        argument("field", f"a{char}b")


@given(st.text(), st.integers(1, 50))
def test_foreign_words_are_one_clean_line(text: str, limit: int) -> None:
    line = shown(text, limit=limit)
    assert len(line) <= limit
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in line)
    assert not set(line) & set("\u061c\u200e\u200f\u202a\u202e\u2066\u2069")
    assert shown(line, limit=limit) == line


def test_nothing_of_a_stranger_is_shown_that_turns_or_hides_words() -> None:
    """Every character by itself, so that none is let through for being printable."""
    hostile = {"Cc", "Cs", "Zl", "Zp"}
    hiding = set("\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufff9\ufffa\ufffb")
    bidi = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
    for char in map(chr, range(0x110000)):
        if unicodedata.category(char) in hostile or char in hiding | bidi:
            assert shown(f"a{char}b") == "a b", hex(ord(char))


@given(st.text())
def test_foreign_text_keeps_its_lines_and_joiners(text: str) -> None:
    clean = shown_text(text)
    assert not any(
        unicodedata.category(char) in ("Cc", "Cs") for char in clean if char not in "\n\t"
    )
    assert shown_text("a\u200db\r\nc\rd") == "a\u200db\nc\nd"
