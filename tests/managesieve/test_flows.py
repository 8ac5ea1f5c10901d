"""ManageSieve sessions against scripts of what servers say, whole and octet by octet."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from hongyan import managesieve, sasl
from hongyan.errors import AuthenticationRefused, InvalidArgument, ProtocolError, Refused, Unsafe
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from hongyan.flow import Flow

T = TypeVar("T")
WHO = sasl.Credentials("tim", "tanstaaftanstaaf")
GREETING = 'S: "SASL" "PLAIN"\\r\\n"SIEVE" "fileinto body"\\r\\nOK "hi"\\r\\n\n'
LOGIN = 'C: AUTHENTICATE "PLAIN" "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"\\r\\n\nS: OK\\r\\n\n'
LOGOUT = "C: LOGOUT\\r\\n\nS: OK\\r\\n\n* EOF"


def session(conn: managesieve.Connection, flow: Flow[T] | None) -> Flow[T | None]:
    yield from managesieve.open_session(conn, WHO, starttls=False, terms=sasl.Terms(disclose=True))
    found = (yield from flow) if flow else None
    yield from managesieve.logout(conn)
    return found


def play(
    script: str, conn: managesieve.Connection, flow: Flow[T] | None, chunk: int = 0
) -> T | None:
    with ScriptedServer(script, chunk=chunk) as server:
        endpoint = Endpoint.parse(f"sieve://127.0.0.1:{server.port}?tls=none")
        with BlockingDriver(endpoint).connect() as driver:
            found = driver.run(session(conn, flow))
    assert server.errors == []
    return found


@pytest.mark.parametrize("chunk", [0, 1, 7])
def test_scripts_are_put_checked_listed_got_and_deleted(chunk: int) -> None:
    conn = managesieve.Connection()

    def all_of_it() -> Flow[bytes]:
        reply = yield from managesieve.put(conn, "mine", b"keep;\r\n")
        assert reply.code == "WARNINGS"
        with pytest.raises(Refused, match="line 1: no such test"):
            yield from managesieve.check(conn, b"?")
        yield from managesieve.activate(conn, "mine")
        scripts = yield from managesieve.list_scripts(conn)
        assert [(each.name, each.active) for each in scripts] == [("mine", True), ('o"d', False)]
        yield from managesieve.delete(conn, 'o"d')
        return (yield from managesieve.get(conn, "mine"))

    script = (
        GREETING
        + LOGIN
        + 'C: PUTSCRIPT "mine" {7+}\\r\\nkeep;\\r\\n\\r\\n\nS: OK (WARNINGS) "hm"\\r\\n\n'
        + "C: CHECKSCRIPT {1+}\\r\\n?\\r\\n\nS: NO {20}\\r\\nline 1: no such test\\r\\n\n"
        + 'C: SETACTIVE "mine"\\r\\n\nS: OK\\r\\n\n'
        + 'C: LISTSCRIPTS\\r\\n\nS: "mine" ACTIVE\\r\\n"o\\\\"d"\\r\\nOK\\r\\n\n'
        + 'C: DELETESCRIPT "o\\\\"d"\\r\\n\nS: OK\\r\\n\n'
        + 'C: GETSCRIPT "mine"\\r\\n\nS: {7}\\r\\nkeep;\\r\\n\\r\\nOK\\r\\n\n'
        + LOGOUT
    )
    assert play(script, conn, all_of_it(), chunk) == b"keep;\r\n"
    assert conn.capabilities.extensions == {"fileinto", "body"}
    assert conn.state is managesieve.State.CLOSED


def test_a_wrong_password() -> None:
    refused = LOGIN.replace("OK", 'NO (AUTH-TOO-WEAK) "no"')
    with pytest.raises(AuthenticationRefused, match="AUTH-TOO-WEAK no"):
        play(GREETING + refused, managesieve.Connection(), None)


def test_tls_that_is_not_offered_ends_it_before_any_secret() -> None:
    conn = managesieve.Connection()
    flow = managesieve.open_session(conn, WHO, starttls=True, terms=sasl.Terms(disclose=True))
    with ScriptedServer(GREETING) as server:
        endpoint = Endpoint.parse(f"sieve://127.0.0.1:{server.port}?tls=none")
        with BlockingDriver(endpoint).connect() as driver, pytest.raises(Unsafe, match="TLS"):
            driver.run(flow)
    assert server.errors == []


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ('S: BYE "go away"\\r\\n\n* EOF', Refused),
        ('S: NO "no"\\r\\n\n* EOF', Refused),
        ("S: +OK POP3\\r\\n\n* EOF", ProtocolError),
        (GREETING + LOGIN.replace("S: OK", 'S: "?"'), ProtocolError),
        (GREETING + LOGIN.replace("S: OK", "S: foo bar"), ProtocolError),
    ],
)
def test_servers_that_misbehave(script: str, error: type[Exception]) -> None:
    with (
        ScriptedServer(script, linger=0.2) as server,
        BlockingDriver(
            Endpoint.parse(f"sieve://127.0.0.1:{server.port}?tls=none")
        ).connect() as driver,
        pytest.raises(error),
    ):
        conn = managesieve.Connection()
        driver.run(session(conn, managesieve.list_scripts(conn)), total=5)


def test_a_command_has_its_place() -> None:
    conn = managesieve.Connection()
    with pytest.raises(InvalidArgument):
        conn.send("PUTSCRIPT", "a", b"")
    conn.receive(b"OK\r\n")
    conn.next_line()
    with pytest.raises(InvalidArgument):
        conn.send("LISTSCRIPTS")
    conn.send("STARTTLS")
    with pytest.raises(InvalidArgument):
        conn.send("CAPABILITY")
    conn.receive(b"OK\r\nOK\r\n")
    conn.next_line()
    with pytest.raises(ProtocolError, match=r"before|between"):
        conn.starting_tls()


def test_what_is_said_unasked_ends_it() -> None:
    conn = managesieve.Connection()
    conn.receive(b"OK\r\nOK\r\n")
    conn.next_line()
    with pytest.raises(ProtocolError, match="unasked"):
        conn.send("CAPABILITY")
    with pytest.raises(ProtocolError, match="unasked"):
        conn.next_line()


def test_a_list_without_end_ends_the_session() -> None:
    script = GREETING + LOGIN + "C: LISTSCRIPTS\\r\\n\nS: " + '"a"\\r\\n' * 20_000 + "\n* EOF"
    conn = managesieve.Connection()
    with pytest.raises(ProtocolError, match="10000 lines"):
        play(script, conn, managesieve.list_scripts(conn))
