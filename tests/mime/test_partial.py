"""message/partial."""

from __future__ import annotations

from pathlib import Path

import pytest

from hongyan.mime import parse
from hongyan.mime.partial import join

FOLDER = Path(__file__).parents[3] / "shared" / "corpus" / "mimekit" / "partial"
HEAD = "From: a@b\nSubject: outer\nContent-Type: message/partial; id=x; total=2; number={}\n\n"
FIRST = parse((HEAD.format(1) + "Subject: inner\nContent-Type: text/plain\n\nOne,\n").encode())
SECOND = parse((HEAD.format(2) + "two.\n").encode())


def test_fragments_join_in_any_order() -> None:
    whole = join([SECOND, FIRST])
    assert whole is not None
    assert whole.subject == "inner"
    assert whole.from_[0].email == "a@b"
    assert whole.text == "One,\ntwo.\n"
    assert whole.parts[0].content_type == "text/plain"


def test_nothing_without_all_fragments() -> None:
    assert join([FIRST]) is None
    assert join([]) is None
    assert join([parse(b"Content-Type: message/partial; total=99999999; number=-1\n\n")]) is None


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared corpus is not here")
@pytest.mark.parametrize("name", ["rfc2046", "message-partial"])
def test_fragments_of_the_corpus(name: str) -> None:
    fragments = [parse(p.read_bytes()) for p in sorted(FOLDER.glob(f"{name}.[0-9].eml"))]
    whole = join(reversed(fragments))
    wanted = parse((FOLDER / f"{name}.eml").read_bytes())
    assert whole is not None
    assert sorted(whole.headers) == sorted(wanted.headers)
    assert whole.text == wanted.text
    assert [p.content() for p in whole.attachments] == [p.content() for p in wanted.attachments]
