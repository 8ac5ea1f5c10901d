"""A local server over a store in a temporary folder, on a free port, and a plain client."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hongyan.app import now
from hongyan.jmap import Jmap
from hongyan.server import Address, Keys, Server
from hongyan.store import Role, Store

USING = [
    "urn:ietf:params:jmap:core",
    "urn:ietf:params:jmap:mail",
    "urn:ietf:params:jmap:submission",
    "urn:hongyan:jmap",
]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """The running server and ways to ask it."""

    server: Server
    store: Store
    account: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return self.server.port

    def ask(self, method: str, path: str, body: object = None, **fields: str) -> Answer:
        """Ask as whoever ``fields`` make one; a body that is no octets becomes JSON."""
        headers = {**self.fields, **{k.replace("_", "-"): v for k, v in fields.items()}}
        if body is not None and not isinstance(body, bytes):
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            connection.close()

    def call(self, *calls: tuple[str, dict[str, Any]]) -> list[list[Any]]:
        """Call methods as the Bearer client."""
        methods = [[name, arguments, str(at)] for at, (name, arguments) in enumerate(calls)]
        request = {"using": USING, "methodCalls": methods}
        answer = self.ask("POST", "/jmap/api", request, Authorization=self.bearer)
        assert answer.status == 200, answer.body
        responses: list[list[Any]] = answer.json()["methodResponses"]
        return responses

    @property
    def bearer(self) -> str:
        return f"Bearer {self.server.site.keys.bearer}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Store.open(tmp_path / "home", clock=now) as store:
        account = store.accounts.add("me@example.org", secret="keychain", name="Me")
        store.mailboxes.ensure(account.id, Role.INBOX)
        jmap = Jmap(store=store, clock=now)
        with Server(jmap, Keys.of(tmp_path, clock=now), address=Address()) as server:
            yield Site(server, store, account.id)
