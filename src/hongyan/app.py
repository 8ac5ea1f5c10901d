"""The composition root: everything is made here and handed on by constructor argument.

An `App` is one profile: its store, its passwords, and connections to the servers of its accounts.
"""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Self

from hongyan import keychain, mime, pop3, smtp
from hongyan.client.session import open_pop3, open_smtp
from hongyan.config import Config
from hongyan.errors import HongyanError, InvalidArgument, NotFound, Unsafe
from hongyan.mime import builder
from hongyan.mime.types import Address
from hongyan.net.blocking import BlockingDriver
from hongyan.net.console import Console, Expects
from hongyan.net.endpoint import Endpoint, Security
from hongyan.net.record import Direction, Line, Recorder
from hongyan.sasl import Credentials
from hongyan.store import Role, Store
from hongyan.store.arrival import arrival
from hongyan.sync import outbox
from hongyan.sync import pop3 as maildrop
from hongyan.sync.pop3 import Collected
from hongyan.sync.progress import Progress, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from hongyan.demo.host import DemoHost
    from hongyan.mime.outgoing import Outgoing
    from hongyan.store import Account, Item, OutboxId

__all__ = [
    "App",
    "Check",
    "Collected",
    "Config",
    "Direction",
    "Expects",
    "Line",
    "LiveConsole",
    "NewAccount",
    "Progress",
    "Report",
    "demo_profile",
    "now",
    "open_console",
    "silent",
]

_COMMAND: Final = "command:"


def now() -> datetime:
    """Return the time of now, aware, in UTC."""
    return datetime.now(UTC)


def ask_nobody(question: str) -> str:
    """Refuse to ask: there is no person at a pipe."""
    raise Unsafe(
        f"{question} cannot be asked here; set HONGYAN_PASSPHRASE, or use --password-command"
    )


def silent(progress: Progress) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a test of one of an account's servers found."""

    endpoint: Endpoint
    words: tuple[str, ...]
    error: HongyanError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What is needed to add an account; the login is the address when ``username`` is empty."""

    address: str
    pop3_url: str | None
    smtp_url: str | None
    username: str = ""
    name: str = ""
    password: str | None = field(default=None, repr=False)
    password_command: str | None = None


class App:
    """One profile and what can be done with it; a context manager that closes the store."""

    def __init__(self, config: Config, *, ask: Callable[[str], str] = ask_nobody) -> None:
        self.home = config.home
        self._ask = ask
        self._open = ExitStack()
        self.record: Callable[[Line], None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @cached_property
    def store(self) -> Store:
        """The profile's store, opened when it is first needed."""
        return self._open.enter_context(Store.open(self.home, clock=now))

    @cached_property
    def keychain(self) -> keychain.Keychain:
        """Where the profile's passwords live."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return keychain.open_keychain(self.home, self._passphrase)

    def _passphrase(self) -> str:
        if given := os.environ.get("HONGYAN_PASSPHRASE"):
            return given
        if (self.home / keychain.FILE_NAME).exists():
            return self._ask("the passphrase of your passwords")
        chosen = self._ask("a new passphrase, which encrypts your passwords")
        if chosen != self._ask("it again"):
            raise InvalidArgument("passphrase", "the two are not the same")
        return chosen

    # -- accounts

    def add_account(self, new: NewAccount) -> Account:
        """Add an account whose password is kept in the keychain, or behind a command."""
        addresses = builder.parse_recipients(new.address, field="address")
        if len(addresses) != 1:
            raise InvalidArgument("address", "is not one mail address")
        for protocol, url in (("pop3", new.pop3_url), ("smtp", new.smtp_url)):
            if url and Endpoint.parse(url).protocol != protocol:
                raise InvalidArgument(f"--{protocol}", f"{url} is no address of {protocol}")
        command = new.password_command
        account = self.store.accounts.add(
            addresses[0].email,
            name=new.name or addresses[0].name or "",
            username=new.username,
            pop3_url=new.pop3_url,
            smtp_url=new.smtp_url,
            secret=f"{_COMMAND}{command}" if command else "keychain",
        )
        try:
            if new.password is not None and not command:
                self.keychain.set(self._entry(account), new.password)
        except HongyanError:
            self.store.accounts.remove(account.id)
            raise
        return account

    def remove_account(self, account: Account) -> None:
        """Remove an account, its mail in this profile and its password; not what servers have."""
        if not account.secret.startswith(_COMMAND):
            self.keychain.delete(self._entry(account))
        self.store.accounts.remove(account.id)

    def account(self, address: str | None) -> Account:
        """Return the account of an address or id, or the only one. Raises `NotFound`."""
        if address:
            (wanted,) = builder.parse_recipients(address, field="account")[:1] or (None,)
            return self.store.accounts.get(wanted.email if wanted else address)
        accounts = self.store.accounts.list()
        if not accounts:
            raise NotFound("there is no account yet: 'hongyan account add', or 'hongyan demo'")
        if len(accounts) > 1:
            raise InvalidArgument("account", "there are several; say which by its address")
        return accounts[0]

    def credentials(self, account: Account) -> Credentials:
        """Return what the account's servers want to see."""
        if account.secret.startswith(_COMMAND):
            password = keychain.from_command(account.secret.removeprefix(_COMMAND))
        else:
            kept = self.keychain.get(self._entry(account))
            if kept is None:
                raise NotFound(f"the password of {account.address} is not in the keychain")
            password = kept
        return Credentials(account.username, password)

    def _entry(self, account: Account) -> str:
        return f"{account.address} in {self.home}"

    # -- servers

    def connect(self, url: str) -> BlockingDriver:
        """Return a connected driver, recorded where `record` is set. Raises `NetworkError`."""
        endpoint = Endpoint.parse(url)
        recorder = Recorder(self.record) if self.record else None
        if recorder:
            recorder.note(str(endpoint))
        return BlockingDriver(endpoint, recorder=recorder).connect()

    def check(self, account: Account) -> tuple[Check, ...]:
        """Try each of the account's servers up to the login and leave again."""
        tests = ((account.pop3_url, _try_pop3), (account.smtp_url, _try_smtp))
        return tuple(self._check(account, url, test) for url, test in tests if url)

    def _check(
        self, account: Account, url: str, test: Callable[[BlockingDriver, Credentials], list[str]]
    ) -> Check:
        endpoint = Endpoint.parse(url)
        try:
            with self.connect(url) as driver:
                words = test(driver, self.credentials(account))
                tunnel = driver.channel.tunnel
                session = tunnel.session if tunnel else None
                words.append(f"{session.version}, {session.cipher}" if session else "no TLS")
        except HongyanError as error:
            return Check(endpoint, (), error)
        return Check(endpoint, tuple(words))

    def fetch(self, account: Account, report: Report = silent) -> maildrop.Collected | None:
        """Fetch what is new; None for an account without a POP3 server."""
        if not account.pop3_url:
            return None
        credentials = self.credentials(account)
        with self.connect(account.pop3_url) as driver:
            return maildrop.collect(
                account, driver, self.store, credentials=credentials, clock=now, report=report
            )

    # -- sending

    def identity(self, account: Account) -> Address:
        """Return the address that the account writes from."""
        return Address(account.name or None, account.address)

    def try_out(self, account: Account, draft: builder.Draft) -> None:
        """Check all of a draft but its text, before the person writes it.

        Raises `InvalidArgument` and `NotFound`.
        """
        _can_send(account)
        stamped = builder.stamp(draft, now().astimezone())
        if not builder.envelope_recipients(stamped):
            raise InvalidArgument("recipients", "there is none")
        builder.build_chunks(stamped)  # which looks at every field before it makes anything

    def queue(self, account: Account, draft: builder.Draft) -> OutboxId:
        """Build the draft's octets, once, and put them into the outbox."""
        _can_send(account)
        draft = builder.stamp(draft, now().astimezone())
        recipients = builder.envelope_recipients(draft)
        with self.store.blobs.writer() as writer:
            for chunk in builder.build_chunks(draft):
                writer.write(chunk)
            return self.store.outbox.add(
                account.id,
                writer.finish(),
                sender=account.address,
                recipients=recipients,
                message_id=draft.message_id,
            )

    def queue_ready(
        self, account: Account, outgoing: Outgoing, *, sender: str, recipients: Sequence[str]
    ) -> OutboxId:
        """Put a message that is ready into the outbox."""
        _can_send(account)
        return self.store.outbox.add(
            account.id,
            outgoing.content,
            sender=sender,
            recipients=recipients,
            message_id=outgoing.message_id,
        )

    def file_sent(self, account: Account, messages: Iterable[bytes]) -> None:
        """Put messages that were sent elsewhere into the Sent mailbox, read, one transaction."""
        with self.store.transaction():
            sent = self.store.mailboxes.ensure(account.id, Role.SENT)
            for octets in messages:
                self.store.messages.add(
                    account.id,
                    sent.id,
                    octets,
                    received_at=arrival(octets, now()),
                    keywords=("$seen",),
                )

    def account_for(self, sender: str | None, raw: bytes) -> Account:
        """Return the account that a ready message is sent by: its sender's, or the only one."""
        accounts = {each.address.lower(): each for each in self.store.accounts.list()}
        written = mime.parse(raw).from_
        for address in (sender or "", written[0].email if written else ""):
            if address.lower() in accounts:
                return accounts[address.lower()]
        return self.account(None)

    def send_due(
        self, account: Account, report: Report = silent, *, only: str | None = None
    ) -> tuple[Item, ...]:
        """Send what is due in the account's outbox, or the item ``only``; return what was settled.

        Raises what connecting and logging in raise; what waited then waits on.
        """
        url = account.smtp_url
        if url is None:
            return ()
        sender = outbox.Sender(
            account,
            self.store,
            connect=lambda: self.connect(url),
            credentials=lambda: self.credentials(account),
            clock=now,
            report=report,
        )
        return sender.deliver(only)


class LiveConsole:
    """A console that is connected: what `open_console` gives."""

    def __init__(self, driver: BlockingDriver, console: Console) -> None:
        self._driver = driver
        self._console = console
        self.explain = console.explain
        self.hides = console.hides

    @property
    def expects(self) -> Expects:
        """What the next line will be."""
        return self._console.expects

    def say(self, line: str) -> bool:
        """Send a line; return whether the connection is still open."""
        return self._driver.run(self._console.say(line))


@contextmanager
def open_console(url: str, show: Callable[[Line], None]) -> Iterator[LiveConsole]:
    """Connect a protocol console; each line that crosses goes to ``show``, secrets blotted out."""
    endpoint = Endpoint.parse(url)
    recorder = Recorder(show)
    recorder.note(f"{endpoint}")
    with BlockingDriver(endpoint, recorder=recorder).connect() as driver:
        console = Console(endpoint.protocol)
        driver.run(console.open(starttls=endpoint.security is Security.STARTTLS))
        yield LiveConsole(driver, console)
        recorder.note("closed")


@contextmanager
def demo_profile(host: DemoHost) -> Iterator[App]:
    """Give a throw-away profile with the demo host's account; it is gone afterwards."""
    with TemporaryDirectory(prefix="hongyan-demo-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        password = home / "demo-password"  # of the demo host, which dies with it
        password.touch(mode=0o600)
        password.write_text(host.password, "utf-8")
        reader = "import sys; print(open(sys.argv[1]).read())"
        with App(Config(home)) as app:
            app.add_account(
                NewAccount(
                    address=host.address,
                    name=host.owner.name or "",
                    pop3_url=host.pop3_url,
                    smtp_url=host.smtp_url,
                    password_command=shlex.join([sys.executable, "-c", reader, str(password)]),
                )
            )
            yield app


def _can_send(account: Account) -> None:
    if account.smtp_url is None:
        raise NotFound(f"{account.address} has no SMTP server to send by")


def _try_pop3(driver: BlockingDriver, credentials: Credentials) -> list[str]:
    conn = driver.run(open_pop3(driver.channel, credentials))
    stat = driver.run(pop3.stat(conn))
    driver.run(pop3.quit_(conn))
    pipelining = "pipelining" if conn.capabilities.pipelining else "no pipelining"
    return [f"{stat.messages} messages", pipelining]


def _try_smtp(driver: BlockingDriver, credentials: Credentials) -> list[str]:
    conn = driver.run(open_smtp(driver.channel, credentials))
    driver.run(smtp.quit_(conn))
    size = conn.extensions.size_limit
    limit = f"messages up to {size // 1_000_000} MB" if size else "no size limit told"
    return [limit, "pipelining" if conn.extensions.pipelining else "no pipelining"]
