"""SASLprep: the examples of RFC 4013 §3, and properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.sasl import saslprep


@pytest.mark.parametrize(
    ("given_text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("p\u00e4ss\u00a0wort", "pässwort".replace("wort", " wort")),
        ("pa\u0308ss", "päss"),
        ("鸿雁", "鸿雁"),
        ("\u0627b\u0627"[0] + "1\u0627", "\u06271\u0627"),
        ("🦢", "🦢"),  # unknown to Unicode 3.2
    ],
)
def test_prepared(given_text: str, prepared: str) -> None:
    assert saslprep("password", given_text) == prepared


@pytest.mark.parametrize(
    "text",
    ["\x07", "\u06271", "\u0627b\u0627", "", "\u00ad", "tab\there", "\ue000", "\ufffd", "\u2ff0"],
)
def test_refused(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        saslprep("password", text)
    assert caught.value.field == "password"


@given(st.text())
def test_twice_is_once(text: str) -> None:
    try:
        prepared = saslprep("password", text)
    except InvalidArgument:
        return
    assert saslprep("password", prepared) == prepared
