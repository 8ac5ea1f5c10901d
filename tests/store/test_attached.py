"""What is written in attachments that are text is found."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from hongyan import mime
from hongyan.store import attached
from hongyan.store.attached import attached_text

_INNER = b"Subject: the inner goose\r\n\r\nspoken by the heron\r\n"


def letter(kind: str, content: bytes, name: str = "", encoding: str = "base64") -> bytes:
    coded = base64.encodebytes(content) if encoding == "base64" else content
    return (
        b"Subject: papers\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nsee there\r\n"
        b"--b\r\nContent-Type: %b\r\nContent-Transfer-Encoding: %b\r\n"
        b'Content-Disposition: attachment; filename="%b"\r\n\r\n%b\r\n--b--\r\n'
        % (kind.encode(), encoding.encode(), name.encode(), coded.replace(b"\n", b"\r\n"))
    )


@pytest.mark.parametrize(
    "raw",
    [
        letter("text/plain; charset=utf-8", "the heron 发票".encode(), "notes.txt"),
        letter("text/plain; charset=gb18030", "the heron 发票".encode("gb18030"), "notes.txt"),
        letter("text/csv", "bird,paper\nheron,发票\n".encode(), "birds.csv"),
        letter("text/html", b"<p>the <b>heron</b></p><p>&#21457;&#31080;</p>", "a.html"),
        letter("application/json; charset=utf-8", '{"heron": "发票"}'.encode(), "a.json"),
        letter("application/octet-stream", "heron 发票".encode(), "Notes.MD"),
        letter("message/rfc822", b"Subject: =?utf-8?b?5Y+R56Wo?=\r\n\r\nheron\r\n", "", "7bit"),
    ],
)
def test_it_is_found_and_is_no_part_of_the_preview(profile: Any, raw: bytes) -> None:
    other = profile.add("nothing of the kind")
    id_ = profile.add(raw)
    assert profile.found("heron") == profile.found("发票") == profile.found("body:heron") == {id_}
    assert profile.found("heron -发票") == set()
    assert profile.store.messages.get(id_).preview == "see there"
    profile.store.reindex()
    assert profile.found("heron") == {id_}
    profile.store.messages.delete(id_)
    assert profile.found("heron") == set()
    assert profile.found("kind") == {other}


@pytest.mark.parametrize(
    "raw",
    [
        letter("image/png", b"heron", "heron.x"),
        letter("application/octet-stream", b"heron", "a.bin"),
        letter("application/zip", b"heron", "a.zip"),
    ],
)
def test_what_is_no_text_is_not_read(raw: bytes) -> None:
    assert attached_text(mime.parse(raw)) == ""


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "LIMIT", 20)
    found = attached_text(mime.parse(letter("text/plain", b"0123456789" * 9_000, "a.txt")))
    assert found == "01234567890123456789"
    inner = attached_text(mime.parse(letter("message/rfc822", _INNER, "", "7bit")))
    assert inner == "the inner goose\nspok"


def test_two_attachments_and_the_text_are_apart(profile: Any) -> None:
    id_ = profile.add(letter("text/plain", b"heron", "a.txt"))
    assert profile.found("there") == {id_}
    assert profile.found('"see there"') == {id_}
