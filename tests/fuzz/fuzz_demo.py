"""Any octets: told to both servers as a session, and given to the bot as a letter."""

from __future__ import annotations

import datetime as dt
import functools
import socket

from hongyan.demo import bot, certificate
from hongyan.demo.peer import Peer
from hongyan.demo.pop3 import Pop3
from hongyan.demo.post import Office
from hongyan.demo.submission import Policy, Submission
from hongyan.errors import NetworkError

LARGEST = 4096  # the replies to more could fill the socket's buffer, and nobody reads them


def one(data: bytes) -> None:
    """Raise only for a bug."""
    answer = bot.answer(data, "yan@goose.example", "anybody@there.example")
    assert answer is None or b"\r\nAuto-Submitted: auto-replied\r\n" in answer
    _session(Submission, b"EHLO a\r\n" + data[:LARGEST])
    _session(Pop3, data[:LARGEST])


@functools.cache
def _policy() -> Policy:
    return Policy(certificate.make(dt.datetime.now(dt.UTC)).context, require_tls=False)


def _session(session: type[Submission | Pop3], data: bytes) -> None:
    here, there = socket.socketpair()
    peer = Peer(there, idle=2)
    try:
        here.sendall(data)
        here.shutdown(socket.SHUT_WR)
        session(peer, Office("goose.example", bot.answer), _policy()).serve()
    except NetworkError:
        pass  # the end of the octets
    finally:
        peer.close()
        here.close()
