"""The local server on a store of a million messages: pages, push, requests a second, start, memory.

The store is that of `bench.million`. The server is ``hongyan serve`` in a process of its own, held
to one core where the machine allows that; the clients are plain HTTP over connections that stay.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import million
from bench.table import Bar, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan
    from bench.site import Site

SEED, PAGE = 11, 50
PAGES, FLAGS, REQUESTS, CLIENTS, STARTS = 400, 60, 3_000, 4, 5
LIST = ["threadId", "mailboxIds", "keywords", "from", "subject", "receivedAt", "size", "preview"]
USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
HEADS = ("what", "median ms", "99 % ms")


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure."""
    home = million.profile(site, plan)
    starts = []
    for _ in range(plan.scaled(STARTS, least=2)):
        with _serving(home) as server:
            starts.append(server.first_answer)
    with _serving(home) as server:
        total = _total(server)
        pages = _pages(server, total, plan.scaled(PAGES, least=20))
        pushes = _pushes(server, plan.scaled(FLAGS, least=10))
        rate = _rate(server, plan.scaled(REQUESTS, least=300))
        memory = server.peak_megabytes()
    rows = (
        ("start to the first answer", _ms(starts, 0.5), _ms(starts, 1.0)),
        (f"a page of {PAGE} with previews, anywhere", _ms(pages, 0.5), _ms(pages, 0.99)),
        ("a flag to the push at another client", _ms(pushes, 0.5), _ms(pushes, 0.99)),
    )
    bars = (
        Bar("start to the first answer, ms", _at(starts, 0.5) * 1e3, 700),
        Bar(f"a page of {PAGE}, median ms", _at(pages, 0.5) * 1e3, 15),
        Bar(f"a page of {PAGE}, 99 % ms", _at(pages, 0.99) * 1e3, 60),
        Bar("a flag to the push, median ms", _at(pushes, 0.5) * 1e3, 50),
        Bar("requests a second on one core", rate, 200, at_most=False),
        Bar("peak memory, MB", memory, 200),
    )
    yield Table(f"The local server on {total:,} messages of one mailbox", HEADS, rows, bars)


def _at(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _ms(times: list[float], share: float) -> str:
    return f"{_at(times, share) * 1e3:.2f}"


# -- the server and its clients


@dataclass
class Server:
    """A running ``hongyan serve``."""

    process: subprocess.Popen[str]
    port: int
    token: str
    first_answer: float = 0.0
    account: str = ""
    inbox: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """What lets a client in."""
        return {"Authorization": f"Bearer {self.token}"}

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection, which stays open."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def call(
        self, *calls: tuple[str, dict[str, Any]], line: http.client.HTTPConnection | None = None
    ) -> list[Any]:
        """Call methods in one request; return their answers."""
        methods = [
            [name, {"accountId": self.account, **arguments}, str(at)]
            for at, (name, arguments) in enumerate(calls)
        ]
        body = json.dumps({"using": USING, "methodCalls": methods})
        line = line or self.connection()
        fields = {**self.fields, "Content-Type": "application/json"}
        line.request("POST", "/jmap/api", body, fields)
        answer = json.loads(line.getresponse().read())
        return [each[1] for each in answer["methodResponses"]]

    def peak_megabytes(self) -> float:
        """Return the most memory that the server has had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0


@contextmanager
def _serving(home: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "hongyan", "--home", str(home), "serve"]
    show = [*command, "--show-token"]
    token = subprocess.run(show, capture_output=True, text=True, check=True).stdout.strip()
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        try:
            yield _begun(process, token, began)
        finally:
            process.terminate()


def _begun(process: subprocess.Popen[str], token: str, began: float) -> Server:
    assert process.stdout
    for text in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/", text):
            server = Server(process, int(found[1]), token)
            line = server.connection()
            line.request("GET", "/.well-known/jmap", headers=server.fields)
            session = json.loads(line.getresponse().read())
            server.first_answer = time.monotonic() - began
            server.account = next(iter(session["accounts"]))
            (boxes,) = server.call(("Mailbox/get", {"ids": None}))
            server.inbox = max(boxes["list"], key=lambda each: each["totalEmails"])["id"]
            return server
    raise RuntimeError("hongyan serve did not begin")


def _total(server: Server) -> int:
    counted = {"filter": {"inMailbox": server.inbox}, "limit": 0, "calculateTotal": True}
    (found,) = server.call(("Email/query", counted))
    return int(found["total"])


def _pages(server: Server, total: int, times: int) -> list[float]:
    line, chance, found = server.connection(), random.Random(SEED), []
    reference = {"resultOf": "0", "name": "Email/query", "path": "/ids"}
    newest_first = [{"property": "receivedAt", "isAscending": False}]
    query = {"filter": {"inMailbox": server.inbox}, "sort": newest_first, "limit": PAGE}
    for turn in range(times):
        position = 0 if turn % 4 == 0 else chance.randrange(max(1, total - PAGE))
        began = time.perf_counter()
        _, got = server.call(
            ("Email/query", {**query, "position": position}),
            ("Email/get", {"#ids": reference, "properties": LIST}),
            line=line,
        )
        found.append(time.perf_counter() - began)
        assert len(got["list"]) == min(PAGE, total)
    return found


def _pushes(server: Server, times: int) -> list[float]:
    line, stream, found = server.connection(), server.connection(), []
    address = "/jmap/events?types=Email&closeafter=no&ping=0"
    stream.request("GET", address, headers=server.fields)
    events = stream.getresponse()
    query = {"filter": {"inMailbox": server.inbox}, "limit": times}
    for id_ in server.call(("Email/query", query), line=line)[0]["ids"]:
        for flag in (True, None):
            patch = {"keywords/measured": flag}
            began = time.perf_counter()
            server.call(("Email/set", {"update": {id_: patch}}), line=line)
            while not events.readline().startswith(b"data: "):
                pass
            found.append(time.perf_counter() - began)
    stream.close()
    return found


def _rate(server: Server, requests: int) -> float:
    """Return how many requests a second several clients get: the counts of all mailboxes each."""
    share = requests // CLIENTS

    def ask() -> None:
        line = server.connection()
        for _ in range(share):
            server.call(("Mailbox/get", {"ids": None}), line=line)

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    return share * CLIENTS / (time.perf_counter() - began)
