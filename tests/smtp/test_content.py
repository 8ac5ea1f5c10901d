"""What leaves as content: proper line ends at every cut, blocks of bounded size, binary as it is."""

from __future__ import annotations

import json
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.dots import Normaliser, Stuffer
from hongyan.smtp.content import BLOCK, CHUNK_BLOCKS, AsIs, blocks, chunks
from tests.support.corpus import CORPUS
from tests.test_dots import NASTY, OWN_SEQUENCES, unstuff

SMUGGLING = CORPUS / "smtp-smuggling" / "sequences.json"


def sequences() -> list[bytes]:
    if not SMUGGLING.exists():
        return [each.encode() for each in OWN_SEQUENCES]
    found = json.loads(SMUGGLING.read_text("utf-8"))["sequences"]
    return [bytes.fromhex(each["hex"]) for each in found]


def normalised(parts: list[bytes]) -> bytes:
    return b"".join(b"".join(chunk.blocks) for chunk in chunks(parts, Normaliser()))


@given(NASTY)
def test_bdat_carries_what_data_would(parts: list[bytes]) -> None:
    stuffer = Stuffer()
    wire = b"".join([stuffer.feed(part) for part in parts]) + stuffer.finish()
    assert normalised(parts) == unstuff(wire, 65_536)[0]


@given(NASTY)
def test_every_line_ends_in_crlf_and_nothing_else_breaks_one(parts: list[bytes]) -> None:
    out = normalised(parts)
    assert out.count(b"\r") == out.count(b"\n") == out.count(b"\r\n")
    assert out == b"" or out.endswith(b"\r\n")
    assert b"\0" not in out
    whole = re.sub(rb"\r\n|\r|\n", b"\r\n", b"".join(parts).replace(b"\0", b""))
    assert out == whole + (b"" if whole.endswith(b"\r\n") or not whole else b"\r\n")


@pytest.mark.parametrize("sequence", sequences())
def test_a_smuggled_end_of_data_is_a_line_like_others(sequence: bytes) -> None:
    out = normalised([b"a", sequence, b"MAIL FROM:<x>\r\n"])
    assert out.count(b"\r") == out.count(b"\n") == out.count(b"\r\n")
    assert b"\0" not in out


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(1, 30))
def test_blocks_keep_every_octet_and_their_size(parts: list[bytes], size: int) -> None:
    found = list(blocks(parts, AsIs(), size=size))
    assert b"".join(found) == b"".join(parts)
    assert all(size <= len(each) < 2 * size + 1 for each in found[:-1])
    assert all(found)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_exactly_one_chunk_is_the_last(parts: list[bytes]) -> None:
    found = list(chunks(parts, AsIs()))
    assert [each.last for each in found] == [False] * (len(found) - 1) + [True]
    assert b"".join(b"".join(each.blocks) for each in found) == b"".join(parts)


def test_twenty_megabytes_take_little_memory() -> None:
    line = b"0123456789" * 7 + b"\n"
    part = line * 7_000
    tracemalloc.start()
    try:
        sizes = [each.size for each in chunks((part for _ in range(40)), Normaliser())]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) == 40 * 7_000 * 72
    assert max(sizes) < 2 * CHUNK_BLOCKS * BLOCK
    assert peak < 8 * CHUNK_BLOCKS * BLOCK
