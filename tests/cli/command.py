"""The command line in this process: quick, and with streams of its own."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from hongyan.app import App, Config, Network
from hongyan.cli.main import run


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str
    octets: bytes

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class Hongyan:
    """``hongyan`` with the profile in ``home``."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    network: Network | None = None

    def __call__(self, *words: str, stdin: str | bytes = "", home: bool = True) -> Result:
        """Run it and return what came of it."""
        env = {
            "HONGYAN_HOME": str(self.home) if home else None,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **self.environment,
        }
        app = App(Config(self.home), network=self.network) if self.network else None
        with CliRunner().isolation(stdin, env=env) as (out, err, _), app or nullcontext():
            code = run(list(words), app)
            octets, told = out.getvalue(), err.getvalue().decode()
        assert "Traceback" not in told or "--debug" in words
        return Result(code, octets.decode("utf-8", "replace"), told, octets)

    def ok(self, *words: str, stdin: str | bytes = "") -> str:
        """Run it, see it succeed, and return what it printed."""
        result = self(*words, stdin=stdin)
        assert result.code == 0, result.err
        return result.out

    def json(self, *words: str) -> Any:
        return json.loads(self.ok(*words, "--json"))

    def fails(self, code: int, *words: str, stdin: str | bytes = "") -> str:
        """Run it, see it fail with ``code`` and one line, and return that line."""
        result = self(*words, stdin=stdin)
        assert result.code == code, (result.code, result.err)
        assert result.err.startswith("hongyan: ")
        assert result.err.count("\n") == 1, result.err
        return result.err.strip()

    def app(self) -> App:
        return App(Config(self.home))

    def add_account(self, address: str, *, pop3: str = "", smtp: str = "") -> str:
        """Add an account whose password is ``open sesame``."""
        given = [("--pop3", pop3), ("--smtp", smtp)]
        urls = [word for name, url in given if url for word in (name, url)]
        return self.ok("account", "add", address, *urls, "--password-command", "echo open sesame")

    def receive(self, *messages: bytes, keywords: tuple[str, ...] = ()) -> list[str]:
        """Put messages into the only account's inbox, as if they had been fetched."""
        from hongyan.app import now
        from hongyan.store import Role

        with self.app() as app:
            account = app.accounts.choose(None)
            inbox = app.store.mailboxes.ensure(account.id, Role.INBOX)
            return [
                app.store.messages.add(
                    account.id, inbox.id, octets, received_at=now(), keywords=keywords
                )
                for octets in messages
            ]


def copied(template: Path, to: Path) -> Path:
    """Return a profile of its own, like ``template``."""
    shutil.copytree(template, to)
    return to


def closed_port() -> int:
    """Return a port of loopback where nobody listens."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


DEAD = f"smtp://127.0.0.1:{closed_port()}?tls=none"
