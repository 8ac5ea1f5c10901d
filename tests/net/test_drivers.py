"""What both drivers owe: duplex, deadlines, wake, cancel, TLS with a name that fits."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import pytest
import trustme
from cryptography import x509

from hongyan.errors import (
    Cancelled,
    ConnectFailed,
    ConnectionLost,
    HongyanError,
    TimedOut,
    TLSFailed,
)
from hongyan.flow import Flow, Wake, read, start_tls, wait, write
from hongyan.net.aio import AsyncDriver
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from tests.support.tls import client_context, server_context

if TYPE_CHECKING:
    from hongyan.net.channel import Channel

T = TypeVar("T")
MEGABYTES_10 = 10 * 1024 * 1024


class Blocking:
    """Runs a flow in this thread."""

    def run(
        self,
        flow: Flow[T],
        url: str,
        *,
        context: ssl.SSLContext | None = None,
        after: tuple[float, str] | None = None,
        total: float | None = None,
        look: Callable[[Channel], None] = lambda _: None,
    ) -> T:
        with BlockingDriver(Endpoint.parse(url), context=context).connect(within=5) as driver:
            if after:
                threading.Timer(after[0], getattr(driver, after[1])).start()
            look(driver.channel)
            return driver.run(flow, total=total)


class Asyncio:
    """Runs a flow in an event loop."""

    def run(
        self,
        flow: Flow[T],
        url: str,
        *,
        context: ssl.SSLContext | None = None,
        after: tuple[float, str] | None = None,
        total: float | None = None,
        look: Callable[[Channel], None] = lambda _: None,
    ) -> T:
        async def go() -> T:
            async with await AsyncDriver(Endpoint.parse(url), context=context).connect(
                within=5
            ) as driver:
                if after:
                    asyncio.get_running_loop().call_later(after[0], getattr(driver, after[1]))
                look(driver.channel)
                return await driver.run(flow, total=total)

        return asyncio.run(go())


both = pytest.mark.parametrize("driver", [Blocking(), Asyncio()], ids=["blocking", "asyncio"])


@contextmanager
def peer(
    act: Callable[[socket.socket], object], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """A server that does ``act`` with one connection; yields its port."""
    problems: list[BaseException] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                try:
                    if tls:
                        with tls.wrap_socket(sock, server_side=True) as secure:
                            act(secure)
                    else:
                        act(sock)
                except ssl.SSLError:
                    pass  # the client did not like our certificate
                except OSError as error:
                    problems.append(error)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


def gather(size: int) -> Flow[bytes]:
    got = b""
    while len(got) < size:
        got += yield from read(within=20, progress=len(got))
    return got


def exchange(data: bytes, size: int) -> Flow[bytes]:
    yield from write(data)
    return (yield from gather(size))


@both
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_ten_megabytes_in_both_directions_at_once(driver: Blocking, secure: bool) -> None:
    """The peer writes all before it reads a single octet; a driver that only writes would hang."""
    theirs = bytes(range(256)) * (MEGABYTES_10 // 256)
    received = hashlib.sha256()

    def act(sock: socket.socket) -> None:
        sock.sendall(theirs)
        left = MEGABYTES_10
        while left:
            data = sock.recv(65536)
            received.update(data)
            left -= len(data)

    authority = trustme.CA()
    ours = theirs[::-1]
    with peer(act, server_context(authority) if secure else None) as port:
        url = f"pop3{'s' if secure else ''}://127.0.0.1:{port}{'' if secure else '?tls=none'}"
        context = client_context(authority) if secure else None
        got = driver.run(exchange(ours, MEGABYTES_10), url, context=context)
    assert got == theirs
    assert received.digest() == hashlib.sha256(ours).digest()


@both
def test_trickling_octets_win_no_time(driver: Blocking) -> None:
    def act(sock: socket.socket) -> None:
        with suppress(OSError):  # the client has gone
            for _ in range(100):
                sock.sendall(b".")
                time.sleep(0.05)

    def endless() -> Flow[None]:
        while True:
            yield from read(within=0.4, progress=0)

    with peer(act) as port:
        start = time.monotonic()
        with pytest.raises(TimedOut, match="did not answer in time"):
            driver.run(endless(), f"pop3://127.0.0.1:{port}?tls=none")
        assert time.monotonic() - start < 3


@both
def test_progress_gives_new_time(driver: Blocking) -> None:
    def act(sock: socket.socket) -> None:
        for _ in range(18):
            time.sleep(0.1)
            sock.sendall(b".")

    def pieces() -> Flow[
        int
    ]:  # 1.8 seconds of them: longer than one may take, even on a busy machine
        for count in range(18):
            yield from read(within=1.5, progress=count)
        return 18

    with peer(act) as port:
        assert driver.run(pieces(), f"pop3://127.0.0.1:{port}?tls=none") == 18


@both
def test_the_total_bounds_everything(driver: Blocking) -> None:
    with peer(lambda sock: sock.recv(1)) as port, pytest.raises(TimedOut):
        driver.run(gather(1), f"pop3://127.0.0.1:{port}?tls=none", total=0.2)


@both
def test_a_peer_that_does_not_read_ends_a_write(driver: Blocking) -> None:
    done = threading.Event()

    def push() -> Flow[None]:
        yield from write(bytes(64 * 1024 * 1024), within=0.5)

    with peer(lambda _: done.wait(10)) as port:
        with pytest.raises(TimedOut):
            driver.run(push(), f"pop3://127.0.0.1:{port}?tls=none")
        done.set()


@both
def test_wait_tells_why_it_ended(driver: Blocking) -> None:
    def act(sock: socket.socket) -> None:
        sock.recv(1)
        sock.sendall(b"!")
        sock.recv(1)

    def three() -> Flow[list[Wake]]:
        reasons = [(yield from wait(0.05)), (yield from wait(10))]
        yield from write(b"?")
        reasons.append((yield from wait(10)))
        yield from read(within=1)
        return reasons

    with peer(act) as port:
        reasons = driver.run(three(), f"pop3://127.0.0.1:{port}?tls=none", after=(0.2, "wake"))
    assert reasons == [Wake.TIMEOUT, Wake.CALLED, Wake.DATA]


@both
def test_cancel_ends_a_read_at_once(driver: Blocking) -> None:
    with peer(lambda sock: sock.recv(1)) as port:
        start = time.monotonic()
        with pytest.raises(Cancelled):
            driver.run(gather(1), f"pop3://127.0.0.1:{port}?tls=none", after=(0.1, "cancel"))
        assert time.monotonic() - start < 1


@both
def test_the_last_words_of_a_server_that_breaks_off_can_be_read(driver: Blocking) -> None:
    def act(sock: socket.socket) -> None:
        sock.recv(1000)
        sock.sendall(b"552 too much\r\n")
        time.sleep(0.2)  # the words are on the line before the reset is

    def push() -> Flow[bytes]:
        try:
            for _ in range(1000):
                yield from write(bytes(1024 * 1024))
        except ConnectionLost:
            return (yield from read())
        return b""

    with peer(act) as port:
        assert driver.run(push(), f"pop3://127.0.0.1:{port}?tls=none") == b"552 too much\r\n"


@both
@pytest.mark.parametrize("name", ["127.0.0.2", "elsewhere.example"])
def test_a_certificate_of_another_name_is_refused(driver: Blocking, name: str) -> None:
    authority = trustme.CA()
    with peer(lambda sock: None, server_context(authority, name)) as port:
        url = f"pop3s://127.0.0.1:{port}"
        with pytest.raises(
            TLSFailed, match=r"certificate of 127\.0\.0\.1 is not trusted.*mismatch"
        ):
            driver.run(gather(1), url, context=client_context(authority))


@both
def test_an_unknown_authority_is_refused(driver: Blocking) -> None:
    stranger = server_context(trustme.CA())
    with peer(lambda sock: None, stranger) as port, pytest.raises(TLSFailed, match="not trusted"):
        driver.run(gather(1), f"pop3s://127.0.0.1:{port}")


@both
def test_a_pin_trusts_exactly_one_certificate(driver: Blocking) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = trustme.CA().issue_cert("somewhere.example")
    leaf.configure_cert(context)
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    pin = hashlib.sha256(der).hexdigest()
    with peer(lambda sock: sock.sendall(b"+"), context) as port:
        assert driver.run(gather(1), f"pop3s://127.0.0.1:{port}?pin={pin}") == b"+"
    with peer(lambda sock: None, context) as port, pytest.raises(TLSFailed, match="pinned"):
        driver.run(gather(1), f"pop3s://127.0.0.1:{port}?pin={'0' * 64}")


@both
def test_old_tls_is_refused(driver: Blocking) -> None:
    authority = trustme.CA()
    context = server_context(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with peer(lambda sock: None, context) as port, pytest.raises(HongyanError, match="TLS"):
        driver.run(gather(1), f"pop3s://127.0.0.1:{port}", context=client_context(authority))


@both
def test_nobody_listening_is_one_clear_error(driver: Blocking) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectFailed, match=f"127.0.0.1 port {port} cannot be reached: .*refused"):
        driver.run(gather(1), f"pop3://127.0.0.1:{port}?tls=none")


@pytest.mark.parametrize(
    "flow", [lambda: wait(1), lambda: read(within=1), lambda: write(b"x"), start_tls]
)
@pytest.mark.filterwarnings("error")
def test_a_closed_connection_says_so(flow: Callable[[], Flow[object]]) -> None:
    async def go(url: str) -> None:
        driver = await AsyncDriver(Endpoint.parse(url)).connect(within=5)
        await driver.close()
        with pytest.raises(ConnectionLost):
            await driver.run(flow())
        gc.collect()  # a task whose error nobody took would be told here

    with socket.create_server(("127.0.0.1", 0)) as listener:  # its backlog takes both
        url = f"pop3://127.0.0.1:{listener.getsockname()[1]}?tls=none"
        blocking = BlockingDriver(Endpoint.parse(url)).connect(within=5)
        blocking.close()
        with pytest.raises(ConnectionLost):
            blocking.run(flow())
        asyncio.run(go(url))


def test_the_certificates_that_a_server_sends_above_its_own() -> None:
    root = trustme.CA()
    context = server_context(root.create_child_ca())
    with peer(lambda sock: sock.sendall(b"+"), context) as port:
        endpoint = Endpoint.parse(f"pop3s://127.0.0.1:{port}")
        with BlockingDriver(endpoint, context=client_context(root)).connect() as caller:
            assert caller.run(gather(1)) == b"+"
            assert caller.channel.tunnel
            session = caller.channel.tunnel.session
    assert session
    (issuer,) = map(x509.load_der_x509_certificate, session.issuers)
    own = x509.load_der_x509_certificate(session.certificate)
    assert issuer.subject == own.issuer
    own.verify_directly_issued_by(issuer)
