"""Clients for the tests: where the host listens, TLS without questions, and raw lines."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit


def port(url: str) -> int:
    found = urlsplit(url).port
    assert found
    return found


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class RawClient:
    """Octets out, lines in: for what the standard library's clients never say."""

    def __init__(self, url: str) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port(url)), timeout=5)
        self.reader = self.sock.makefile("rb")
        if urlsplit(url).scheme.endswith("s"):
            self.start_tls()
        self.greeting = self.line()

    def start_tls(self) -> None:
        self.reader.close()
        self.sock = trusting().wrap_socket(self.sock)
        self.reader = self.sock.makefile("rb")

    def line(self) -> str:
        return self.reader.readline().decode()

    def say(self, octets: bytes) -> str:
        """Send, and return the last line of the reply."""
        self.sock.sendall(octets)
        return self.reply()

    def reply(self) -> str:
        line = self.line()
        while line[3:4] == "-" and line[:3].isdigit():
            line = self.line()
        return line.rstrip("\r\n")

    def close(self) -> None:
        self.reader.close()
        self.sock.close()
