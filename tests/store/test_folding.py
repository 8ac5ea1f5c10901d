"""Folding, cutting and marking."""

from __future__ import annotations

import re
import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.store.folding import UNSPACED, fold, phrase, segment, storable
from hongyan.store.snippet import Highlighter, Snippet


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ　Ｄ", "abc d"),
        ("Naïve ÀÉ", "naive ae"),
        ("Straße", "strasse"),
        ("ｶﾞ", "ガ"),
        ("が", "が"),
        ("회의", "회의"),
        ("ﬁn", "fin"),
        ("Ελλάς", "ελλασ"),
        ("สวัสดี", "สวัสดี"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_segment() -> None:
    assert segment("abc 北京市x").split() == ["abc", "北京", "京市", "市", "x"]
    assert segment("a，b") == "a，b"


@given(
    st.lists(
        st.text(st.sampled_from("北京市会議회의สวัสดี𠮷𪚥𰻝"))
        | st.text(st.characters(exclude_categories=()))
    )
)
def test_a_run_becomes_its_pairs_whatever_stands_around_it(texts: list[str]) -> None:
    def pairs(run: re.Match[str]) -> str:
        return f" {' '.join(run[0][at : at + 2] for at in range(len(run[0])))} "

    text = "".join(texts)
    expected = text if text.isascii() else re.sub(f"[{UNSPACED}]+", pairs, text)
    assert segment(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("word", '"word"'),
        ('a "b"', '"a  b "'),
        ("wor*", '"wor" *'),
        ("北京", '" 北京"'),
        ("北京市", '" 北京 京市"'),
        ("京", '" 京 " *'),
        ("abc京", '"abc 京 " *'),
        ("北京*", '" 北京" *'),
        ("!?", ""),
        ("", ""),
        ("*", ""),
    ],
)
def test_phrase(text: str, expected: str) -> None:
    assert phrase(text) == expected


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_stored_folded_and_cut(text: str) -> None:
    clean = storable(text)
    clean.encode()
    segment(fold(clean)).encode()
    phrase(clean)


@settings(deadline=None)
@given(st.text(max_size=300), st.lists(st.text(max_size=5), max_size=3))
def test_marks_lie_in_the_text(text: str, phrases: list[str]) -> None:
    highlighter = Highlighter(phrases, stem=lambda word: word)
    for snippet in (highlighter.whole(text), highlighter.excerpt(text) or Snippet("")):
        assert "".join(piece for piece, _ in snippet.pieces()) == snippet.text
        at = 0
        for start, end in snippet.marks:
            assert at <= start < end <= len(snippet.text)
            at = end


def test_a_long_text_is_cut_around_the_find() -> None:
    text = "lorem " * 1000 + "the needle is here " + "ipsum " * 1000
    excerpt = Highlighter(["needle"], stem=lambda word: word).excerpt(text)
    assert excerpt is not None
    assert [piece for piece, marked in excerpt.pieces() if marked] == ["needle"]
    assert len(excerpt.text) < 220
    assert Highlighter(["absent"], stem=lambda word: word).excerpt(text) is None
    assert Highlighter([], stem=lambda word: word).excerpt(text) is None


def test_piled_up_marks_take_linear_time() -> None:
    """Canonical ordering is quadratic in the marks behind one letter (UAX #15, stream-safe)."""
    started = time.perf_counter()
    fold("a" + "\u0301\u0316" * 200_000)
    fold("a" + "\uff9e\u0301" * 200_000)
    Highlighter(["\ufdfa" * 2000], stem=lambda word: word).excerpt("\ufdfa" * 20_000)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("發票", "发票"),
        ("後", "后"),
        ("乾", "干"),
        ("裏裡", "里里"),
        ("國語", "国语"),
        ("#發", "#发"),
    ],
)
def test_traditional_and_simplified_are_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other) == other


def test_what_composes_folds_as_one() -> None:
    pairs = 0
    for point in range(sys.maxunicode + 1):
        parts = unicodedata.normalize("NFD", chr(point))
        if len(parts) > 1 and unicodedata.normalize("NFC", parts) == chr(point):
            pairs += 1
            assert fold(f"é{parts}") == fold(f"é{chr(point)}")
    assert pairs > 11_000, "Hangul alone has as many"
    assert fold("ｶﾞ가") == fold("ガ가") == "ガ가"
    assert fold("雁\u037a\u302c") == "雁 \u302c\u03b9", "marks are put in order"


@given(st.text(max_size=40))
def test_a_text_folds_as_its_compatible_form_does(text: str) -> None:
    assert fold(text) == fold(unicodedata.normalize("NFKC", text))


def test_a_text_folds_as_its_characters_do() -> None:
    """One script alone takes a shorter way than when a character of another stands beside it."""
    for point in range(0x80, 0x2200):
        character = chr(point)
        if unicodedata.is_normalized("NFC", f"x{character}") and not unicodedata.combining(
            character
        ):
            assert fold(f"x{character}y 雁") == fold(f"x{character}y") + " 雁", hex(point)


@given(
    st.sampled_from(["latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254"]).flatmap(
        lambda charset: st.binary(max_size=40).map(lambda octets: octets.decode(charset, "ignore"))
    )
)
def test_a_western_text_folds_as_it_does_beside_another_script(text: str) -> None:
    assert fold(f"{text} 雁") == f"{fold(text)} 雁"


def test_few_and_many_characters_that_change_fold_alike() -> None:
    for point in range(0x2200, 0x10000):
        character = chr(point)
        if unicodedata.category(character)[0] in "CM":
            continue
        many = fold(f"{character}雁" * 40)
        one = many[: len(many) // 40]
        assert fold(f"{'雁' * 300}{character}雁") == f"{'雁' * 300}{one}", hex(point)
        if one == f"{character}雁":
            bare = unicodedata.normalize("NFKD", character).casefold()
            assert unicodedata.normalize("NFKC", bare) == character, hex(point)


def test_folding_twice_changes_nothing() -> None:
    every = "".join(chr(point) for point in range(0x4E00, 0x9FFF))
    assert fold(fold(every)) == fold(every)
    assert len(fold(every)) == len(every)
