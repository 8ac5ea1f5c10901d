"""How a browser, and any other client, comes in."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hongyan.app import now
from hongyan.errors import StoreError
from hongyan.server import Address, Keys
from hongyan.server.keys import PASS_SECONDS, SESSION_DAYS
from hongyan.server.listening import listen
from tests.server.conftest import Site


def start_token(site: Site) -> str:
    return site.server.site.start_link().partition("#start=")[2]


def begin(site: Site) -> tuple[str, str]:
    """Begin a browser session; return its cookie and its header token."""
    answer = site.ask("POST", "/session/start", {"token": start_token(site)})
    assert answer.status == 200
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert f"hongyan-{site.port}=" in cookie
    return cookie.partition(";")[0], answer.json()["token"]


ECHO = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"a": 1}, "c"]]}


def test_the_link_works_once(site: Site) -> None:
    token = start_token(site)
    assert site.ask("POST", "/session/start", {"token": token}).status == 200
    assert site.ask("POST", "/session/start", {"token": token}).status == 401


def test_a_pass_of_another_program_works_once_and_not_for_long(tmp_path: Path) -> None:
    clock = [now()]
    ours, other = (Keys.of(tmp_path, clock=lambda: clock[0]) for _ in range(2))
    token = other.make_pass()
    assert [ours.take_start(token) for _ in range(2)] == [True, False]
    late = other.make_pass()
    clock[0] += timedelta(seconds=PASS_SECONDS + 1)
    assert not ours.take_start(late)
    assert not ours.take_start(late.replace(".", "0."))
    assert not Keys.of(tmp_path / "x", clock=now).take_start(other.make_pass())


def test_a_port_that_another_has_is_not_insisted_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = Address(usual_port=other.getsockname()[1])
        with listen(address) as mine:
            assert mine.getsockname()[1] != address.usual_port


@pytest.mark.parametrize("given", [{}, {"token": ""}, {"token": 1}, {"token": "x"}, [], None, "x"])
def test_nothing_else_begins_a_session(site: Site, given: Any) -> None:
    assert site.ask("POST", "/session/start", [] if given is None else given).status == 401


def test_a_browser_needs_its_cookie_to_read_and_its_token_to_change(site: Site) -> None:
    cookie, token = begin(site)
    assert site.ask("GET", "/.well-known/jmap").status == 401
    assert site.ask("GET", "/.well-known/jmap", Cookie=cookie).status == 200
    assert site.ask("POST", "/jmap/api", ECHO, Cookie=cookie).status == 403
    wrong = site.ask("POST", "/jmap/api", ECHO, Cookie=cookie, X_Hongyan_Token=token[:-1])
    assert wrong.status == 403
    answer = site.ask("POST", "/jmap/api", ECHO, Cookie=cookie, X_Hongyan_Token=token)
    assert answer.json()["methodResponses"] == [["Core/echo", {"a": 1}, "c"]]
    assert site.ask("GET", "/session", Cookie=cookie).json() == {"token": token}
    assert site.ask("POST", "/jmap/api", ECHO, X_Hongyan_Token=token).status == 401


def test_another_clients_token(site: Site) -> None:
    assert site.ask("POST", "/jmap/api", ECHO, Authorization=site.bearer).status == 200
    assert site.ask("POST", "/jmap/api", ECHO, Authorization=f"{site.bearer}x").status == 401
    assert site.ask("POST", "/jmap/api", ECHO, Authorization="Basic eDp5").status == 401


def test_the_session_object(site: Site) -> None:
    session = site.ask("GET", "/.well-known/jmap", Authorization=site.bearer).json()
    assert list(session["accounts"]) == [site.account]
    assert session["apiUrl"] == f"http://127.0.0.1:{site.port}/jmap/api"
    assert session["primaryAccounts"]["urn:ietf:params:jmap:mail"] == site.account
    answer = site.ask("POST", "/jmap/api", ECHO, Authorization=site.bearer).json()
    assert answer["sessionState"] == session["state"]


def test_an_ended_session_lets_nobody_in(site: Site) -> None:
    (cookie, token), (other, _) = begin(site), begin(site)
    with watching(site, cookie) as its, watching(site, other) as others:
        answer = site.ask("POST", "/session/end", {}, Cookie=cookie, X_Hongyan_Token=token)
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert its.read().endswith(b"welcome\n\n"), "its stream of events ends"
        assert site.ask("GET", "/.well-known/jmap", Cookie=cookie).status == 401
        assert site.ask("GET", "/session", Cookie=cookie).status == 401
        assert site.ask("GET", "/jmap/events?ping=1", Cookie=cookie).status == 401
        again = site.ask("POST", "/jmap/api", ECHO, Cookie=cookie, X_Hongyan_Token=token)
        assert again.status == 401
        assert site.ask("GET", "/.well-known/jmap", Cookie=other).status == 200
        assert others.readline() == b": welcome\n"
        assert others.readline() == b"\n"
        assert others.readline() == b"event: ping\n", "another session's goes on"


@contextmanager
def watching(site: Site, cookie: str) -> Iterator[http.client.HTTPResponse]:
    line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    line.request("GET", "/jmap/events?ping=1", headers={"Cookie": cookie})
    got = line.getresponse()
    assert got.status == 200
    yield got
    line.close()


def test_what_was_ended_is_remembered_until_it_would_have_run_out(tmp_path: Path) -> None:
    clock = [now()]
    keys = Keys.of(tmp_path, clock=lambda: clock[0])
    first = keys.new_session()
    keys.end_session(keys.session(first) or "")
    clock[0] += timedelta(days=SESSION_DAYS)
    second = keys.new_session()
    later = Keys.of(tmp_path, clock=lambda: clock[0])
    assert later.session(first) is None
    assert later.session(second) is not None
    later.end_session(later.session(second) or "")
    kept = tmp_path / "server.ended"
    assert len(kept.read_text().split()) == 2
    assert kept.stat().st_mode & 0o777 == 0o600
    clock[0] += timedelta(days=1)
    third = later.new_session()
    later.end_session(later.session(third) or "")
    assert kept.read_text().split() == sorted(each.partition(".")[0] for each in (second, third))


def test_a_session_is_ended_also_where_that_cannot_be_written(tmp_path: Path) -> None:
    keys = Keys.of(tmp_path, clock=now)
    cookie = keys.new_session()
    (tmp_path / "server.ended").mkdir()
    with pytest.raises(StoreError, match=r"server\.ended"):
        keys.end_session(keys.session(cookie) or "")
    assert keys.session(cookie) is None
