"""What a socket can do at best: all transactions in one flight by BDAT, or a DATA at a time.

No client: it knows the server, looks at nothing but whether each message was taken, and gives up at
the first surprise. With DATA the next message's commands ride with this one's content.
"""

from __future__ import annotations

import base64
import re
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bench.clients.report import parameters, timed

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK = 1 << 18


def reply(lines: BinaryIO, wanted: bytes) -> bytes:
    """Read one whole reply, which must begin with ``wanted``."""
    text = line = lines.readline()
    while line[3:4] == b"-":
        line = lines.readline()
        text += line
    if not line.startswith(wanted):
        raise EOFError(line)
    return text


def opening(sender: str, recipient: str) -> bytes:
    return f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\n".encode()


def by_bdat(line: socket.socket, lines: BinaryIO, paths: Sequence[Path], start: bytes) -> None:
    def send() -> None:
        for path in paths:
            line.sendall(start + b"BDAT %d LAST\r\n" % path.stat().st_size)
            with path.open("rb") as file:
                line.sendfile(file)

    writer = threading.Thread(target=send)
    writer.start()
    for _ in range(3 * len(paths)):
        reply(lines, b"250")
    writer.join()


def by_data(line: socket.socket, lines: BinaryIO, paths: Sequence[Path], start: bytes) -> None:
    line.sendall(start + b"DATA\r\n")
    for number, path in enumerate(paths, 1):
        for wanted in (b"250", b"250", b"354"):
            reply(lines, wanted)
        with path.open("rb") as file:
            while block := file.read(BLOCK) + file.readline():
                line.sendall(block.replace(b"\n.", b"\n.."))
        line.sendall(b".\r\n" + (start + b"DATA\r\n" if number < len(paths) else b""))
        reply(lines, b"250")


def submit(
    host: str, port: int, *, username: str, password: str, recipient: str, folder: str
) -> tuple[int, int]:
    paths = sorted(Path(folder).iterdir())
    with socket.create_connection((host, port)) as line, line.makefile("rb") as lines:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reply(lines, b"220")
        line.sendall(b"EHLO minimal\r\n")
        offered = reply(lines, b"250")
        if password:
            token = base64.b64encode(f"\0{username}\0{password}".encode())
            line.sendall(b"AUTH PLAIN " + token + b"\r\n")
            reply(lines, b"235")
        send = by_bdat if re.search(rb"(?m)^250[ -]CHUNKING", offered) else by_data
        send(line, lines, paths, opening(username, recipient))
        line.sendall(b"QUIT\r\n")
        reply(lines, b"221")
    return len(paths), sum(path.stat().st_size for path in paths)


timed(lambda: submit(**parameters()))
