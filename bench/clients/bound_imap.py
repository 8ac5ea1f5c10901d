"""The bound: asks for everything in one flight of commands, looks at nothing that comes.

What a server can give at its best, with the round trips that no client can do without: greeting,
login, opening, messages.
"""

from __future__ import annotations

import re
import socket

from bench.clients.report import parameters, timed

BLOCK = 1 << 18


def reply(line: socket.socket, tag: bytes) -> bytes:
    data = b""
    while not re.search(rb"(?m)^" + tag + rb" OK", data):
        chunk = line.recv(BLOCK)
        if not chunk:
            raise EOFError(data)
        data += chunk
    return data


def fetch(host: str, port: int, username: str, password: str) -> tuple[int, int]:
    with socket.create_connection((host, port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(f'a LOGIN "{username}" "{password}"\r\n'.encode())
        reply(line, b"a")
        line.sendall(b"b EXAMINE INBOX\r\n")
        count = int(re.search(rb"(\d+) EXISTS", reply(line, b"b"))[1])
        line.sendall(b"c UID FETCH 1:* (BODY.PEEK[])\r\nd LOGOUT\r\n")
        block = bytearray(BLOCK)
        octets = 0
        while got := line.recv_into(block):
            octets += got
    return count, octets


timed(lambda: fetch(**parameters()))
