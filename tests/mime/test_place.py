"""The place of a text gives what parsing gives, or there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan import mime
from tests.support.corpus import CORPUS
from tests.support.hostile import RECIPES
from tests.support.short import letters

_HEADS = (
    b"",
    b"Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n",
    b"Content-Type: text/plain; format=flowed; delsp=yes\r\n",
    b"Content-Type: text/plain; charset=x-unheard-of\r\nContent-Transfer-Encoding: 8bit\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n",
    b"Content-Type: text/html\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
)


def told(raw: bytes) -> bool:
    """Check the place of a text; tell whether there is one."""
    message = mime.parse(raw)
    place = message.place
    assert place is None or place.text(raw) == message.text
    return place is not None


def test_most_mail_has_one() -> None:
    assert sum(map(told, letters(300, 9))) == 300


@pytest.mark.parametrize(
    ("raw", "has"),
    [
        (b"Subject: x\r\n\r\none\r\ntwo\r\n", True),
        (b"Subject: x\r\rone\rtwo\r", False),  # read as if its CRs were line ends
        (b"\n\nbegin 644 a.txt\n#0V%T\n`\nend\n", False),  # a file is taken out
        (b"Content-Type: text/plain; format=flowed\n\none \ntwo\n", False),  # joined
        (b"Content-Type: text/plain; format=flowed\n\none\ntwo\n", True),  # nothing to join
        (b"Content-Type: text/html\n\n<p>one</p>", False),
        (b"Content-Transfer-Encoding: base64\n\nnot base64, but text", True),
    ],
)
def test_kinds(raw: bytes, has: bool) -> None:
    assert told(raw) == has


@given(
    st.sampled_from(_HEADS),
    st.binary(max_size=300),
    st.sampled_from([b"\r\n\r\n", b"\n\n", b"\r\r"]),
)
def test_anything(head: bytes, body: bytes, gap: bytes) -> None:
    told(b"Subject: x\r\n" + head.rstrip() + gap + body)


def test_the_corpus() -> None:
    for path in sorted(CORPUS.rglob("*.eml")):
        told(path.read_bytes())


def test_hostile_mail() -> None:
    for recipe in RECIPES.values():
        told(recipe(2_000))
