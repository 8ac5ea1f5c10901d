"""Every request of the corpus against the running server, octet for octet, and a few of our own.

The corpus speaks of example paths; here they are those of this server.
"""

from __future__ import annotations

import json
import re
import socket
from typing import Any

from tests.server.conftest import Site
from tests.server.test_session import begin
from tests.support.corpus import CORPUS

OWN = [
    {"id": "own-host", "expect": [421], "method": "GET", "path": "/api/messages", "headers": {"Host": "evil.example", "Cookie": "{session}"}},
    {"id": "own-origin", "expect": [403], "method": "POST", "path": "/api/send", "headers": {"Host": "127.0.0.1:{port}", "Cookie": "{session}", "Origin": "https://evil.example", "Content-Type": "application/json"}, "body": "{}"},
    {"id": "own-origin-of-no-one", "expect": [403], "method": "GET", "path": "/ws", "headers": {"Host": "127.0.0.1:{port}", "Cookie": "{session}", "Origin": "null"}},
    {"id": "own-both-lengths", "expect": [400], "method": "POST", "path": "/api/send", "headers": {"Host": "127.0.0.1:{port}", "Transfer-Encoding": "chunked", "Content-Length": "4"}, "body": "0\r\n\r\n"},
    {"id": "own-form", "expect": [403, 415], "method": "POST", "path": "/session/start", "headers": {"Host": "127.0.0.1:{port}", "Content-Type": "text/plain"}, "body": "{}"},
    {"id": "own-traversal", "expect": [400, 403, 404], "method": "GET", "path": "/../../etc/passwd", "headers": {"Host": "127.0.0.1:{port}"}},
]  # fmt: skip
PATHS = (
    (r"^/api/message/", "/message/a1/"),
    (r"^/api/messages$", "/.well-known/jmap"),
    (r"^/api/[a-z]+", "/jmap/api"),
    (r"^/attachments/", "/jmap/download/a1/"),
    (r"^/static/", "/assets/"),
    (r"^/ws$", "/jmap/events"),
)


def requests() -> list[dict[str, Any]]:
    path = CORPUS / "local-api" / "requests.json"
    found: list[dict[str, Any]] = (
        json.loads(path.read_text("utf-8"))["requests"] if path.exists() else []
    )
    return found


def mapped(path: str) -> str:
    for pattern, ours in PATHS:
        path, count = re.subn(pattern, ours, path)
        if count:
            break
    return path


def octets(request: dict[str, Any], *, session: str, port: int) -> bytes:
    """The request as it goes out; the corpus writes some control characters as escapes."""
    if "raw" in request:
        line, _, rest = request["raw"].partition("\r\n")
        method, target, version = line.split(" ")
        ours = re.sub(r"/api/messages$", "/.well-known/jmap", target)
        text = f"{method} {ours} {version}\r\n{rest}"
    else:
        fields = dict(request["headers"])
        if "body" in request and "Transfer-Encoding" not in fields:
            fields["Content-Length"] = str(len(request["body"]))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        text = f"{request['method']} {mapped(request['path'])} HTTP/1.1\r\n{head}\r\n{request.get('body', '')}"
    return (
        text.replace("{session}", session)
        .replace("{port}", str(port))
        .replace("\\t", "\t")
        .encode("latin-1")
    )


def answer(port: int, sent: bytes) -> tuple[int, bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(sent)
        line.settimeout(5)
        got = b""
        while b"\r\n\r\n" not in got:
            chunk = line.recv(65536)
            if not chunk:
                break
            got += chunk
    return int(got.split(b" ", 2)[1]), got


def test_the_requests_of_the_corpus_get_what_they_should(site: Site) -> None:
    session, _ = begin(site)
    state = site.store.changes.state(site.account)
    wrong, asked = [], requests() + OWN
    for request in asked:
        sent = octets(request, session=session, port=site.port)
        status, got = answer(site.port, sent)
        if status not in request["expect"]:
            wrong.append((request["id"], status, request["expect"]))
        assert b"me@example.org" not in got, request["id"]
        assert b"access-control-allow" not in got.lower(), request["id"]
    assert not wrong
    assert len(asked) == 67 + len(OWN) or not CORPUS.is_dir()
    assert site.store.changes.state(site.account) == state, "nothing was changed by any of them"


def test_the_same_requests_are_answered_when_they_are_right(site: Site) -> None:
    """So that nothing above is refused for another reason than the one it is there for."""
    session, token = begin(site)
    for host in ("127.0.0.1", "localhost", "[::1]"):
        origin = f"http://{host}:{site.port}"
        fields = {"Host": f"{host}:{site.port}", "Cookie": session}
        assert site.ask("GET", "/.well-known/jmap", **fields).status == 200
        fields |= {"Origin": origin, "X-Hongyan-Token": token, "Sec-Fetch-Site": "same-origin"}
        assert (
            site.ask("POST", "/jmap/api", {"using": [], "methodCalls": []}, **fields).status == 200
        )
