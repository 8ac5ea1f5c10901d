"""The bound: reads the listing, asks for everything at once, looks at nothing that comes.

What a server can give at its best, with the round trips that no client can do without: greeting,
login, listing, messages.
"""

from __future__ import annotations

import base64
import socket

from bench.clients.report import parameters, timed

BLOCK = 1 << 18


def reply(line: socket.socket, end: bytes, *, times: int = 1) -> bytes:
    data = b""
    while data.count(end) < times:
        chunk = line.recv(BLOCK)
        if not chunk:
            raise EOFError(data)
        data += chunk
    return data


def fetch(host: str, port: int, username: str, password: str) -> tuple[int, int]:
    with socket.create_connection((host, port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reply(line, b"\r\n")
        token = base64.b64encode(f"\0{username}\0{password}".encode())
        line.sendall(b"AUTH PLAIN " + token + b"\r\n")
        reply(line, b"\r\n")
        line.sendall(b"LIST\r\nUIDL\r\n")
        count = reply(line, b"\r\n.\r\n", times=2).partition(b"\r\n.\r\n")[0].count(b"\n")
        asked = "".join(f"RETR {number}\r\n" for number in range(1, count + 1))
        line.sendall(f"{asked}QUIT\r\n".encode())
        block = bytearray(BLOCK)
        octets = 0
        while got := line.recv_into(block):
            octets += got
    return count, octets


timed(lambda: fetch(**parameters()))
