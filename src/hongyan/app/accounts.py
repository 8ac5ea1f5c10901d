"""The accounts of a profile, and where their passwords are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hongyan import keychain, mime
from hongyan.errors import HongyanError, InvalidArgument, NotFound
from hongyan.mime import builder
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hongyan.store import Account, Store

_COMMAND: Final = "command:"


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


class Accounts:
    """Adding, finding and removing accounts together with their passwords."""

    def __init__(
        self, store: Store, open_keychain: Callable[[], keychain.Keychain], *, home: Path
    ) -> None:
        self._store = store
        self._open_keychain = open_keychain
        self._home = home

    @cached_property
    def _keychain(self) -> keychain.Keychain:
        return self._open_keychain()

    def add(self, new: NewAccount) -> Account:
        """Add an account whose password is kept in the keychain, or behind a command."""
        addresses = builder.parse_recipients(new.address, field="address")
        if len(addresses) != 1:
            raise InvalidArgument("address", "is not one mail address")
        for protocol, url in (("pop3", new.pop3_url), ("smtp", new.smtp_url)):
            if url and Endpoint.parse(url).protocol != protocol:
                raise InvalidArgument(f"--{protocol}", f"{url} is no address of {protocol}")
        command = new.password_command
        account = self._store.accounts.add(
            addresses[0].email,
            name=new.name or addresses[0].name or "",
            username=new.username,
            pop3_url=new.pop3_url,
            smtp_url=new.smtp_url,
            secret=f"{_COMMAND}{command}" if command else "keychain",
        )
        try:
            if new.password is not None and not command:
                self._keychain.set(self._entry(account), new.password)
        except HongyanError:
            self._store.accounts.remove(account.id)
            raise
        return account

    def remove(self, account: Account) -> None:
        """Remove an account, its mail in this profile and its password; not what servers have."""
        if not account.secret.startswith(_COMMAND):
            self._keychain.delete(self._entry(account))
        self._store.accounts.remove(account.id)

    def choose(self, address: str | None) -> Account:
        """Return the account of an address or id, or the only one. Raises `NotFound`."""
        if address:
            (wanted,) = builder.parse_recipients(address, field="account")[:1] or (None,)
            return self._store.accounts.get(wanted.email if wanted else address)
        accounts = self._store.accounts.list()
        if not accounts:
            raise NotFound("there is no account yet: 'hongyan account add', or 'hongyan demo'")
        if len(accounts) > 1:
            raise InvalidArgument("account", "there are several; say which by its address")
        return accounts[0]

    def of_sender(self, sender: str | None, raw: bytes) -> Account:
        """Return the account that a ready message is sent by: its sender's, or the only one."""
        accounts = {each.address.lower(): each for each in self._store.accounts.list()}
        written = mime.parse(raw).from_
        for address in (sender or "", written[0].email if written else ""):
            if address.lower() in accounts:
                return accounts[address.lower()]
        return self.choose(None)

    def credentials(self, account: Account) -> Credentials:
        """Return what the account's servers want to see."""
        if account.secret.startswith(_COMMAND):
            password = keychain.from_command(account.secret.removeprefix(_COMMAND))
        else:
            kept = self._keychain.get(self._entry(account))
            if kept is None:
                raise NotFound(f"the password of {account.address} is not in the keychain")
            password = kept
        return Credentials(account.username, password)

    def _entry(self, account: Account) -> str:
        return f"{account.address} in {self._home}"
