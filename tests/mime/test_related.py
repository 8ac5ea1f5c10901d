"""Pictures that HTML names by an address, and content that is elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hongyan.mime import parse
from hongyan.mime.external import External, external
from hongyan.mime.html import Policy, sanitise
from hongyan.mime.related import by_location

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
RELATED = b"""\
Content-Type: multipart/related; boundary=b
Content-Base: "http://example.org/a/"

--b
Content-Type: text/html

<img src="img/one.png"><img src="http://example.org/a/two.png"><img src="http://x.example/3.png">
<img src="cid:four%40x">
--b
Content-Type: image/png
Content-Location: http://example.org/a/img/one.png

1
--b
Content-Type: image/png
Content-Location: two.png

2
--b
Content-Type: image/png
Content-ID: <four@x>

4
--b--
"""


def test_pictures_are_found_by_their_location() -> None:
    message = parse(RELATED)
    page = message.body.html[0]
    find = by_location(message, page)

    def address(located: str) -> str | None:
        part = find(located)
        return f"/part/{part.part_id}" if part else None

    by_id = {"four@x": "/part/4"}
    safe = sanitise(page.text(), Policy(resolve_location=address, resolve_cid=by_id.get))
    assert [word for word in safe.split('"') if "/" in word and "<" not in word] == [
        *("/part/2", "/part/3", "/part/4")
    ]
    assert "x.example" not in safe


def test_odd_addresses_find_nothing() -> None:
    message = parse(RELATED.replace(b'http://example.org/a/"', b'http://[::1"'))
    find = by_location(message, message.body.html[0])
    assert find("http://[") is None
    assert find("") is None


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_a_page_of_the_corpus_shows_its_picture() -> None:
    path = CORPUS / "mimekit" / "messages" / "multipart-related-mhtml.txt"
    message = parse(path.read_bytes())
    page = message.body.html[-1]
    assert by_location(message, page)("image1") is message.parts[1]


def test_content_elsewhere_is_told_and_not_fetched() -> None:
    part = parse(
        b"Content-Type: message/external-body; access-type=URL; size=1200;\n"
        b' URL="http://example.org/\n a.pdf"; expiration="Mon, 23 Nov 2026 10:00:00 +0000"\n\n'
        b"Content-Type: application/pdf\nContent-ID: <1@x>\n\n"
    ).parts[0]
    found = external(part)
    assert found is not None
    assert (found.access, found.place) == ("url", "http://example.org/a.pdf")
    assert (found.content_type, found.size) == ("application/pdf", 1200)
    assert found.expires is not None


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ("access-type=anon-ftp; site=ftp.example; directory=pub; name=a.txt", "ftp.example/pub/a.txt"),
        ("access-type=local-file; name=/etc/x", "/etc/x"),
        ("access-type=mail-server; server=list@example.org", "list@example.org"),
        ("", ""),
    ],
)  # fmt: skip
def test_places_of_every_kind(parameters: str, place: str) -> None:
    found = external(
        parse(f"Content-Type: message/external-body; {parameters}\n\n".encode()).parts[0]
    )
    assert isinstance(found, External)
    assert found.place == place
    assert external(parse(b"").parts[0]) is None


@pytest.mark.parametrize(
    ("reference", "cid", "is_file"),
    [
        ("<img src='cid:a@b'>", "a@b", False),
        ("<img src=cid:a%40b>", "a@b", False),
        ("<p style='background:url(CID:a@b)'>", "a@b", False),
        ("<img src='cid:a@bc'>", "a@b", True),
        ("<img src='cid:a'>", "b", True),
    ],
)
def test_a_picture_that_the_html_shows_is_no_file(
    reference: str, cid: str, *, is_file: bool
) -> None:
    pages = f"Content-Type: text/html\n\n{reference}"
    picture = f"Content-Type: image/png\nContent-ID: <{cid}>\n\n1"
    raw = f"Content-Type: multipart/related; boundary=b\n\n--b\n{pages}\n--b\n{picture}\n--b--\n"
    assert parse(raw.encode()).has_attachment is is_file


def test_many_pictures_are_looked_for_in_one_pass() -> None:
    """Twenty megabytes once for each of 4,900 pictures took half a minute."""
    ids = [f"a{number}@b" for number in range(4900)]
    page = "<p>hello cid: " * 1_000_000 + "".join(f"<img src=cid:{each}>" for each in ids)
    pictures = "".join(f"--b\nContent-Type: image/png\nContent-ID: <{each}>\n\n1\n" for each in ids)
    head = "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n"
    message = parse(f"{head}{page}\n{pictures}--b--\n".encode())
    before = time.process_time()
    assert not message.has_attachment
    assert time.process_time() - before < 5
