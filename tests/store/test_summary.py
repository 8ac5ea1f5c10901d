"""The seam to the MIME room: any message has a summary that can be stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.store import Summary, summarise
from hongyan.store.summary import kept_anyway

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus"
MESSAGES = sorted(path for path in CORPUS.rglob("*") if path.suffix in {".eml", ".msg"})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=500))
def test_any_octets_have_a_storable_summary(raw: bytes) -> None:
    summary = kept_anyway(summarise, raw)
    for text in (summary.subject, summary.text, *summary.filenames):
        text.encode()


def test_limits() -> None:
    references = " ".join(f"<{n}@x>" for n in range(5000))
    people = ", ".join(f"p{n}@example.org" for n in range(5000))
    raw = f"To: {people}\r\nReferences: {references}\r\n\r\n{'x' * 3_000_000}".encode()
    summary = summarise(raw)
    assert len(summary.to) == 500
    assert len(summary.references) == 100
    assert (summary.references[0], summary.references[-1]) == ("0@x", "4999@x")
    assert len(summary.text) == 1_000_000


def test_an_empty_message() -> None:
    assert summarise(b"") == Summary(is_plain=True)


@pytest.mark.skipif(not MESSAGES, reason="the corpus is not beside this clone")
def test_the_corpus_is_kept_and_found(profile: Any) -> None:
    with profile.store.transaction():
        ids = {profile.add(path.read_bytes()): path for path in MESSAGES[:400]}
    for id_, path in ids.items():
        assert profile.store.messages.raw(id_) == path.read_bytes(), path
    emails = profile.store.messages.page(profile.inbox.id, limit=1000)
    assert {email.id for email in emails} == set(ids)
    for email in emails[::7]:
        word = next((word for word in email.subject.split() if word.isalnum()), "")
        if word and word != "OR":
            assert email.id in profile.found(f'subject:"{word}"', limit=1000)
