"""Beyond this machine only with TLS and a password; the password, and how often it may be tried."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path

import pytest

from hongyan.app import now
from hongyan.errors import ConnectFailed, InvalidArgument, Unsafe
from hongyan.jmap import Jmap
from hongyan.server import TLS, Address, Keys, Server
from hongyan.server.password import Password
from hongyan.store import Store
from tests.server.conftest import Site
from tests.support.authority import Authority

GOOD = "correct horse battery"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "mail.example.org", "::"])
def test_others_are_let_in_only_with_tls_and_a_password(tmp_path: Path, host: str) -> None:
    certificate = Authority(tmp_path).issue("mail.example.org")
    tls = TLS(certificate=certificate.chain, key=certificate.key)
    keys = Keys.of(tmp_path / "home", clock=now)
    with Store.open(tmp_path / "home", clock=now) as store:
        jmap = Jmap(store=store, clock=now)
        for address in (Address(host=host), Address(host=host, tls=tls)):
            with pytest.raises(Unsafe, match="--set-password"):
                Server(jmap, keys, address=address)
        keys.password.set(GOOD)
        with pytest.raises(Unsafe):
            Server(jmap, keys, address=Address(host=host))


def test_a_name_of_ones_own_with_tls_and_a_password(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.issue("mail.example.org")
    tls = TLS(certificate=certificate.chain, key=certificate.key)
    keys = Keys.of(tmp_path / "home", clock=now)
    keys.password.set(GOOD)
    address = Address(names=("mail.example.org",), tls=tls)
    with (
        Store.open(tmp_path / "home", clock=now) as store,
        Server(Jmap(store=store, clock=now), keys, address=address) as server,
    ):
        assert server.site.origin == f"https://mail.example.org:{server.port}"
        trust = ssl.create_default_context(cafile=str(authority.pem))

        def start(password: str, host: str = "mail.example.org") -> tuple[int, str]:
            line = http.client.HTTPSConnection("127.0.0.1", server.port, context=trust, timeout=10)
            line.sock = trust.wrap_socket(
                __import__("socket").create_connection(("127.0.0.1", server.port)),
                server_hostname="mail.example.org",
            )
            body = json.dumps({"password": password})
            line.request(
                "POST",
                "/session/start",
                body,
                {"Host": f"{host}:{server.port}", "Content-Type": "application/json"},
            )
            got = line.getresponse()
            cookie = got.getheader("Set-Cookie") or ""
            got.read()
            line.close()
            return got.status, cookie

        assert start("wrong")[0] == 401
        status, cookie = start(GOOD)
        assert status == 200
        assert "Secure" in cookie
        assert start(GOOD, host="evil.example")[0] == 421


def test_browsers_leave_the_usual_port_out(tmp_path: Path) -> None:
    tls = TLS(certificate=tmp_path / "chain", key=tmp_path / "key")
    by_name = Address(names=("mail.example.org",), tls=tls)
    assert {"mail.example.org", "mail.example.org:443"} <= by_name.hosts(443)
    assert {"127.0.0.1", "127.0.0.1:80", "localhost"} <= Address().hosts(80)
    for address, port in ((by_name, 80), (Address(), 443), (by_name, 8765)):
        assert all(host.endswith(f":{port}") for host in address.hosts(port))


def test_a_password_is_hashed_and_tried_slowly(tmp_path: Path) -> None:
    moment = 0.0
    password = Password(tmp_path, monotonic=lambda: moment)
    assert not password.is_set
    assert not password.is_right("")
    with pytest.raises(InvalidArgument):
        password.set("short")
    password.set(GOOD)
    kept = tmp_path / "server.password"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert GOOD.encode() not in kept.read_bytes()
    assert password.is_right(GOOD)
    for _ in range(5):
        assert not password.is_right("wrong wrong")
    assert password.seconds_to_wait() > 0
    assert not password.is_right(GOOD), "not even the right one, while there is a wait"
    moment = 60.0
    assert password.is_right(GOOD)


def test_without_a_password_none_is_right(site: Site) -> None:
    assert site.ask("POST", "/session/start", {"password": ""}).status == 401


def test_a_busy_port_is_explained(site: Site, tmp_path: Path) -> None:
    jmap = Jmap(store=site.store, clock=now)
    with pytest.raises(ConnectFailed, match="another profile"):
        Server(jmap, Keys.of(tmp_path, clock=now), address=Address(port=site.port))


def test_tokens_stay_and_are_the_profiles_own(tmp_path: Path) -> None:
    first, again = Keys.of(tmp_path / "a", clock=now), Keys.of(tmp_path / "a", clock=now)
    other = Keys.of(tmp_path / "b", clock=now)
    assert first.is_bearer(again.bearer)
    assert not first.is_bearer(other.bearer)
    session = first.new_session()
    assert again.session(session), "a browser's session survives a restart"
    assert other.session(session) is None
    assert (tmp_path / "a" / "server.key").stat().st_mode & 0o777 == 0o600
    for forged in ("", "x", session[:-1], session.replace(".", ""), f"9999999-{session}"):
        assert first.session(forged) is None
