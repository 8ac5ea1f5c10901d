"""A little internet on loopback: a DNS server for SRV and MX, and hosts that live at other ports.

`Internet.network` is what an `App` takes; a name that is not in it does not exist, and nothing that
is asked here leaves the machine.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from hongyan.app import Network
from hongyan.net.dns import Dns
from hongyan.net.web import Web
from tests.support.child import LOOPBACK

if TYPE_CHECKING:
    from tests.support.authority import Authority


class Internet:
    """A context manager; add records, hosts and pages to it while it runs."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._stack = ExitStack()
        self.records: dict[tuple[str, str], list[str]] = {}
        self.hosts: dict[tuple[str, int], int] = {}
        self.pages: dict[str, bytes] = {}
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: dict[str, int] = {}
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        internet = self

        class Answer(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                octets, sock = self.request
                sock.sendto(internet.answer(octets), self.client_address)

        self._dns = socketserver.ThreadingUDPServer((LOOPBACK, 0), Answer)
        self._run(self._dns)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _run(self, server: socketserver.BaseServer) -> None:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)

    @property
    def network(self) -> Network:
        """The network that knows this internet alone."""
        port = self._dns.server_address[1]
        return Network(
            resolve=self.resolve,
            dns=Dns(servers=[LOOPBACK], port=port),
            web=Web(resolve=self.resolve),
            outside=Web(resolve=self.resolve),
        )

    def resolve(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """Return where a host's port really is."""
        here = self.hosts.get((host, port)) or (port if host == LOOPBACK else None)
        if here is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such host in this internet")
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (LOOPBACK, here))]

    def answer(self, octets: bytes) -> bytes:
        """Return the DNS answer to a question."""
        query = dns.message.from_wire(octets)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{kind} {name}")
        if found := self.records.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        else:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()

    def serve_pages(self, host: str) -> None:
        """Serve `pages` (by path, without the query) over HTTPS at ``host``.

        What is posted is kept, and answered with the status in `answers`, or else 200.
        """
        internet = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = internet.pages.get(self.path.partition("?")[0])
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                internet.posted.append((f"https://{host}{self.path}", dict(self.headers), body))
                self.send_response(internet.answers.get(self.path, 200))
                self.send_header("Location", "https://elsewhere.example/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        certificate = self._authority.issue(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        server = ThreadingHTTPServer((LOOPBACK, 0), Page)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self._run(server)
        self.hosts[host, 443] = server.server_address[1]
