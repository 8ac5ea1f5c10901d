from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from hongyan.demo import DemoHost
from tests.demo.clients import RawClient, port, trusting

if TYPE_CHECKING:
    from collections.abc import Callable

    Raw = Callable[[str], RawClient]


def urls(host: DemoHost) -> list[str]:
    return [host.pop3_url, host.pop3s_url, host.smtp_url, host.smtps_url]


def test_the_urls_pin_the_certificate(host: DemoHost) -> None:
    assert [urlsplit(url).scheme for url in urls(host)] == ["pop3", "pop3s", "smtp", "smtps"]
    assert {urlsplit(url).query for url in urls(host)} == {f"pin={host.fingerprint}"}
    with (
        socket.create_connection(("127.0.0.1", port(host.pop3s_url))) as sock,
        trusting().wrap_socket(sock) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    assert hashlib.sha256(der).hexdigest() == host.fingerprint
    names = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = names.value.get_values_for_type(x509.IPAddress)
    assert [str(each) for each in addresses] == ["127.0.0.1", "::1"]


def test_old_tls_is_refused(host: DemoHost) -> None:
    old = trusting()
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", port(host.smtps_url))) as sock,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(sock)


def test_it_listens_on_loopback_alone(host: DemoHost) -> None:
    assert {urlsplit(url).hostname for url in urls(host)} == {"127.0.0.1"}


def test_each_host_has_its_own_password() -> None:
    with DemoHost(seeded=False) as one, DemoHost(seeded=False) as other:
        assert one.password != other.password
        assert one.fingerprint != other.fingerprint


def test_it_stops_within_a_second_whatever_the_clients_do(raw: Raw) -> None:
    before = set(threading.enumerate())
    host = DemoHost(seeded=False)
    raw(host.smtp_url)
    raw(host.pop3s_url).say(b"CAPA\r\n")
    half_a_handshake = socket.create_connection(("127.0.0.1", port(host.smtps_url)))
    turning = raw(host.smtp_url)
    turning.say(b"EHLO me\r\n")
    turning.say(b"STARTTLS\r\n")
    start = time.monotonic()
    host.close()
    assert time.monotonic() - start < 1
    half_a_handshake.close()
    assert set(threading.enumerate()) <= before
    host.close()
    for url in urls(host):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port(url)))


def test_a_client_that_leaves_in_mid_command_leaves_nothing_behind(host: DemoHost) -> None:
    before = threading.active_count()
    for url in urls(host):
        for octets in (b"", b"EHL", b"EHLO me\r\nSTARTTLS\r\n", b"\x16\x03\x01"):
            with socket.create_connection(("127.0.0.1", port(url))) as sock:
                sock.sendall(octets)
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_a_seeded_host_holds_the_samples() -> None:
    with DemoHost() as seeded:
        letters = seeded.maildrop.letters()
    assert len(letters) >= 60
    assert len(seeded.sent) >= 12
    uids = {letter.uid for letter in letters}
    assert len(uids) == len(letters)
    assert all(uid.isascii() and uid.isprintable() and 1 <= len(uid) <= 70 for uid in uids)
