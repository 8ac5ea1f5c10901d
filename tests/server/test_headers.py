"""The fields of every kind of response, as the corpus lists them, and what mail's HTML may do."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from hongyan.app import now
from hongyan.server.blobs import disposition, safe_type
from tests.server.conftest import Answer, Site

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "x-dns-prefetch-control": "off",
}
LETTER = (
    b"From: Eve <eve@example.net>\r\nSubject: hi\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n'
    b'<script>alert(1)</script><p onclick="x()">Hello <img src="cid:pic"><img src="https://track.example/p.gif">'
    b'<a href="https://evil.example/a?b=1&amp;c=2">https://bank.example</a><form action="/jmap/api"></form></p>\r\n'
    b"--x\r\nContent-Type: image/png\r\nContent-ID: <pic>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
    b"--x\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=evil.html\r\n\r\n<script>1</script>\r\n--x--\r\n"
)


@pytest.fixture
def letter(site: Site) -> str:
    inbox = site.store.mailboxes.list(site.account)[0]
    return site.store.messages.add(site.account, inbox.id, LETTER, received_at=now())


def get(site: Site, path: str, **fields: str) -> Answer:
    return site.ask("GET", path, Authorization=site.bearer, **fields)


def test_every_response_has_them(site: Site, letter: str) -> None:
    blob = site.store.messages.get(letter).blob_id
    answers = {
        path: get(site, path)
        for path in (
            "/",
            "/nothing",
            "/.well-known/jmap",
            f"/message/a1/{letter}",
            f"/jmap/download/a1/{blob}/x.eml",
            "/session",
        )
    }
    answers["refused"] = site.ask("GET", "/.well-known/jmap")
    answers["api"] = site.ask(
        "POST", "/jmap/api", {"using": [], "methodCalls": []}, Authorization=site.bearer
    )
    answers["foreign"] = site.ask("GET", "/", Host="evil.example")
    for path, answer in answers.items():
        for name, value in ALWAYS.items():
            assert answer.headers[name] == value, (path, name)
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert not any(name.startswith("access-control") for name in answer.headers), path
        assert "server" not in answer.headers, path
        framed = "SAMEORIGIN" if path.startswith("/message/") else "DENY"
        assert answer.headers["x-frame-options"] == framed, path
        if path != "/":
            assert answer.headers["cache-control"] == "no-store", path
            assert answer.headers["cross-origin-resource-policy"] == "same-origin", path


def test_the_page_runs_nothing_but_its_own_files(site: Site) -> None:
    policy = dict(
        each.strip().split(" ", 1)
        for each in get(site, "/").headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"


def test_a_message_is_a_sandboxed_document_without_our_origin(site: Site, letter: str) -> None:
    answer = get(site, f"/message/a1/{letter}?frame=f7")
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("; sandbox"), (
        "nothing is allowed in it: no script, no origin, no form, no pop-up"
    )
    assert "script-src" not in policy
    body = answer.body.decode()
    assert "<script" not in body
    assert "onclick" not in body
    assert "track.example" not in body
    assert "<form" not in body
    assert answer.headers["x-hongyan-remote"] == "1"
    assert "https:" not in policy.partition("img-src")[2].partition(";")[0].replace(
        f"http://127.0.0.1:{site.port}", ""
    )


def test_remote_pictures_when_they_are_wanted(site: Site, letter: str) -> None:
    answer = get(site, f"/message/a1/{letter}?remote=1")
    assert "https://track.example/p.gif" in answer.body.decode()
    assert "https:" in answer.headers["content-security-policy"]
    assert answer.headers["x-hongyan-remote"] == "0"


def test_its_own_pictures_come_by_signed_addresses_without_a_cookie(
    site: Site, letter: str
) -> None:
    body = get(site, f"/message/a1/{letter}").body.decode()
    address = body.partition('src="')[2].partition('"')[0]
    path = address.removeprefix(f"http://127.0.0.1:{site.port}")
    picture = site.ask("GET", path)
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
    assert picture.headers["cross-origin-resource-policy"] == "cross-origin"
    assert picture.body == b"\x89PNG\r\n\x1a\n"
    forged = path.replace("/part/", "/part/x")
    assert site.ask("GET", forged).status == 403
    html = path.rpartition("-")[0] + "-3"
    assert site.ask("GET", html).status == 403


def test_a_link_is_told_to_the_page_and_leads_nowhere_by_itself(site: Site, letter: str) -> None:
    body = get(site, f"/message/a1/{letter}?frame=f7").body.decode()
    address = body.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert address.startswith("/message/link?")
    assert site.ask("GET", address).status == 204
    assert site.ask("GET", address.replace("evil", "good")).status == 403
    assert site.ask("GET", address.replace("f7", "f8")).status == 403


def test_a_fragment_to_be_measured_has_its_own_pictures_alone(site: Site, letter: str) -> None:
    body = get(site, f"/message/a1/{letter}?fragment=1").body.decode()
    assert "/message/part/" in body  # they have a height, too
    assert "/message/link" not in body
    assert "track.example" not in body


def test_messages_of_other_accounts_and_none_at_all(site: Site, letter: str) -> None:
    assert get(site, f"/message/a2/{letter}").status == 404
    assert get(site, "/message/a1/m99").status == 404
    assert get(site, "/message/a1/raw").status == 404
    assert get(site, f"/message/a1/{letter}?frame=<").status == 400
    assert site.ask("GET", f"/message/a1/{letter}").status == 401


def test_a_download_is_a_file_with_a_safe_type(site: Site, letter: str) -> None:
    blob = site.store.messages.get(letter).blob_id
    answer = get(site, f"/jmap/download/a1/{blob}-3/evil.html?type=text/html&inline=1")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="evil.html"')
    assert "sandbox" in answer.headers["content-security-policy"]
    picture = get(site, f"/jmap/download/a1/{blob}-2/a.png?type=image/png&inline=1")
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-disposition"].startswith("inline;")
    kept = get(site, f"/jmap/download/a1/{blob}-2/a.png?type=image/png")
    assert kept.headers["content-disposition"].startswith("attachment;")
    for path in (f"a9/{blob}/x", "a1/nope/x", f"a1/{blob}-99/x", f"a1/{'0' * 64}/x"):
        assert get(site, f"/jmap/download/{path}").status == 404, path


@pytest.mark.parametrize(
    "kind",
    ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "application/javascript", "text/css", "text/javascript",
     "multipart/related", "message/rfc822\r\nX: y", "nonsense", "", "text/html; charset=x", "application/x-shockwave-html"],
)  # fmt: skip
def test_no_type_that_could_run(kind: str) -> None:
    assert safe_type(kind) == "application/octet-stream"


def test_names_are_safe_and_tell_the_truth() -> None:
    assert disposition("../../\r\nX: y\u202egpj.exe", inline=False).count("\n") == 0
    assert (
        disposition("发票.pdf", inline=False)
        == "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf"
    )
    assert disposition('a"b\\c.txt', inline=True).startswith('inline; filename="')


@pytest.mark.parametrize(
    ("wanted", "status", "span", "text"),
    [
        ("bytes=0-4", 206, "0-4", b"01234"), ("bytes=95-", 206, "95-99", b"56789"), ("bytes=-3", 206, "97-99", b"789"),
        ("bytes=90-500", 206, "90-99", b"0123456789"), ("bytes=100-", 416, "*", b""), ("bytes=-0", 416, "*", b""),
        ("bytes=5-2", 200, "", b""), ("bytes=0-1,5-6", 200, "", b""), ("octets=0-1", 200, "", b""), ("bytes=", 200, "", b""),
    ],
)  # fmt: skip
def test_ranges(site: Site, wanted: str, status: int, span: str, text: bytes) -> None:
    blob = site.store.blobs.keep(b"0123456789" * 10).sha256
    answer = get(site, f"/jmap/download/a1/{blob}/x?type=text/plain", Range=wanted)
    assert answer.status == status
    if status == 200:
        assert (len(answer.body), answer.headers["accept-ranges"]) == (100, "bytes")
    else:
        assert answer.body == text
        assert answer.headers["content-range"] == (f"bytes {span}/100" if text else "bytes */100")


def test_large_blobs_stream_in_ranges(site: Site) -> None:
    octets = bytes(range(256)) * 8192
    kept = site.store.blobs.keep(octets)
    whole = get(site, f"/jmap/download/a1/{kept.sha256}/x")
    assert whole.body == octets
    part = get(site, f"/jmap/download/a1/{kept.sha256}/x", Range="bytes=1000-999999")
    assert part.body == octets[1000:1_000_000]
    assert part.headers["content-length"] == str(999_000)


def upload(site: Site, body: bytes, account: str = "a1") -> Answer:
    return site.ask(
        "POST",
        f"/jmap/upload/{account}/",
        body,
        Authorization=site.bearer,
        Content_Type="text/x-thing",
    )


def test_uploads(site: Site) -> None:
    answer = upload(site, b"hello")
    assert answer.status == 201
    told: dict[str, Any] = answer.json()
    assert told == {"accountId": "a1", "blobId": told["blobId"], "type": "text/x-thing", "size": 5}
    assert get(site, f"/jmap/download/a1/{told['blobId']}/x").body == b"hello"
    assert upload(site, b"x", "a9").status == 404
    assert site.ask("POST", "/jmap/upload/a1/", b"x").status == 401


def test_a_page_that_is_closed_in_the_middle_of_an_upload_leaves_nothing(site: Site) -> None:
    """FAULTS 32."""
    before = sorted(site.store.home.rglob("*"))
    for size in (10, 600_000):  # in memory, and in a file
        with socket.create_connection(("127.0.0.1", site.port)) as line:
            head = (
                f"POST /jmap/upload/a1/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
                f"Authorization: {site.bearer}\r\nContent-Length: 1000000\r\n\r\n"
            )
            line.sendall(head.encode() + b"x" * size)
    assert upload(site, b"hello").status == 201
    deadline = time.monotonic() + 10
    while any(path.name.startswith("incoming-") for path in site.store.home.rglob("*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert sorted(site.store.home.rglob("*")) == before
    assert site.store.check() == ()
