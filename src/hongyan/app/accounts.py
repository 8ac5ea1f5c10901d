"""The accounts of a profile, and where their passwords are.

What only logging in and adding need is imported there: most commands do neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hongyan.errors import HongyanError, InvalidArgument, NotFound, Unsafe
from hongyan.net.endpoint import Endpoint
from hongyan.reasons import Reason
from hongyan.store import LOCAL, Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hongyan.app.signing_in import SignIn, SigningIn
    from hongyan.keychain import Keychain
    from hongyan.mime import Address
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Store

_KEYCHAIN: Final = "keychain"
_COMMAND: Final = "command:"
_OAUTH: Final = "oauth"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What is needed to add an account; the login is the address when ``username`` is empty."""

    address: str
    imap_url: str | None = None
    pop3_url: str | None = None
    smtp_url: str | None = None
    username: str = ""
    name: str = ""
    password: str | None = field(default=None, repr=False)
    password_command: str | None = None
    sign_in: SignIn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What an account is to become; a name, username or password of None stays as it is."""

    imap_url: str | None
    pop3_url: str | None
    smtp_url: str | None
    name: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    password_command: str | None = None


class Accounts:
    """Adding, finding and removing accounts together with their passwords and sign-ins."""

    def __init__(
        self,
        store: Store,
        open_keychain: Callable[[], Keychain],
        signing_in: Callable[[], SigningIn],
        *,
        home: Path,
    ) -> None:
        self._store = store
        self._open_keychain = open_keychain
        self._signing_in = signing_in
        self._home = home

    @cached_property
    def _keychain(self) -> Keychain:
        return self._open_keychain()

    def add(self, new: NewAccount) -> Account:
        """Add an account whose secret is kept in the keychain, or behind a command."""
        address = self.vet(new)
        account = self._store.accounts.add(
            address.email,
            name=new.name or address.name or "",
            username=new.username,
            imap_url=new.imap_url,
            pop3_url=new.pop3_url,
            smtp_url=new.smtp_url,
            secret=_place(new),
        )
        try:
            self._keep(account, new)
        except HongyanError:
            self._store.accounts.remove(account.id)
            raise
        if not new.imap_url:
            self._furnish(account)
        return account

    def local(self) -> Account:
        """Return the account for mail that no account has, made where it is not there yet."""
        known = {each.address: each for each in self._store.accounts.list()}
        return known.get(LOCAL) or self.add(NewAccount(address=LOCAL))

    def vet(self, new: NewAccount) -> Address:
        """Return the address of an account to be, before anybody is asked for its password.

        Raises `InvalidArgument` for what is no address, or has an account, or is no such server.
        """
        from hongyan.mime import builder

        addresses = builder.parse_recipients(new.address, field="address")
        if len(addresses) != 1:
            raise InvalidArgument("address", "is not one mail address")
        if any(each.address == addresses[0].email for each in self._store.accounts.list()):
            words = "has an account already: 'hongyan account change' changes it"
            raise InvalidArgument("address", f"{addresses[0].email} {words}")
        _fit(new)
        return addresses[0]

    def _furnish(self, account: Account) -> None:
        """Make the mailboxes that people file into, where no server has any."""
        for role in (Role.INBOX, Role.DRAFTS, Role.SENT, Role.ARCHIVE, Role.JUNK, Role.TRASH):
            self._store.mailboxes.ensure(account.id, role)

    def update(self, account: Account, change: AccountChange) -> Account:
        """Change an account's name, login, servers and password.

        Raises `InvalidArgument` for a server of another protocol, `Unsafe` for a password where
        the account has none.
        """
        _fit(change)
        if change.password is not None and account.secret != _KEYCHAIN:
            raise Unsafe(f"{account.address} has no password here: {account.secret} is its secret")
        if change.password is not None:
            self._keychain.set(self._entry(account), change.password)
        secret = f"{_COMMAND}{change.password_command}" if change.password_command else None
        if secret and account.secret == _KEYCHAIN:
            self._keychain.delete(self._entry(account))
        return self._store.accounts.update(
            replace(
                account,
                name=account.name if change.name is None else change.name,
                username=change.username or account.username,
                imap_url=change.imap_url,
                pop3_url=change.pop3_url,
                smtp_url=change.smtp_url,
                secret=secret or account.secret,
            )
        )

    def _keep(self, account: Account, new: NewAccount) -> None:
        if new.sign_in is not None:
            self._signing_in().keep(self._entry(account), new.sign_in)
        elif new.password is not None and new.password_command is None:
            self._keychain.set(self._entry(account), new.password)

    def sign_in_again(self, account: Account, signed_in: SignIn) -> None:
        """Keep a new sign-in in place of one that has lapsed."""
        self._signing_in().keep(self._entry(account), signed_in)

    def remove(self, account: Account) -> None:
        """Remove an account, its mail in this profile and its password; not what servers have."""
        if not account.secret.startswith(_COMMAND):
            self._keychain.delete(self._entry(account))
        self._store.accounts.remove(account.id)

    def choose(self, address: str | None) -> Account:
        """Return the account of an address or id, or the only one. Raises `NotFound`."""
        if address and "@" not in address:
            return self._store.accounts.get(address)
        if address:
            from hongyan.mime import builder

            (wanted,) = builder.parse_recipients(address, field="account")[:1] or (None,)
            return self._store.accounts.get(wanted.email if wanted else address)
        accounts = self._store.accounts.list()
        if not accounts:
            raise NotFound("there is no account yet: 'hongyan account add', or 'hongyan demo'")
        if len(accounts) > 1:
            names = ", ".join(each.address for each in accounts)
            raise InvalidArgument("account", f"there are several; say which: {names}")
        return accounts[0]

    def of_sender(self, sender: str | None, raw: bytes) -> Account:
        """Return the account that a ready message is sent by: its sender's, or the only one."""
        from hongyan import mime

        accounts = {each.address.lower(): each for each in self._store.accounts.list()}
        written = mime.parse(raw).from_
        for address in (sender or "", written[0].email if written else ""):
            if address.lower() in accounts:
                return accounts[address.lower()]
        return self.choose(None)

    def credentials(self, account: Account) -> Credentials:
        """Return what the account's servers want to see; a token that has run out is renewed.

        Raises `NotFound`, `StoreError`, and what renewing raises: see `SigningIn.token`.
        """
        from hongyan import keychain
        from hongyan.sasl import Credentials

        if account.secret == _OAUTH:
            token = self._signing_in().token(self._entry(account))
            return Credentials(account.username, token=token)
        if account.secret.startswith(_COMMAND):
            password = keychain.from_command(account.secret.removeprefix(_COMMAND))
        else:
            kept = self._keychain.get(self._entry(account))
            if kept is None:
                raise NotFound(Reason.PASSWORD_LOST.of(address=account.address))
            password = kept
        return Credentials(account.username, password)

    def trial_credentials(
        self, username: str, *, password: str | None, command: str | None, sign_in: SignIn | None
    ) -> Credentials:
        """Return credentials of an account that is not added yet."""
        from hongyan import keychain
        from hongyan.sasl import Credentials

        if sign_in is not None:
            return Credentials(username, token=sign_in.tokens.access)
        return Credentials(username, keychain.from_command(command) if command else password)

    def after_refusal(self, account: Account, refused: Credentials) -> Credentials | None:
        """Return other credentials worth one more try after ``refused`` were, or None."""
        from hongyan.sasl import Credentials

        if account.secret != _OAUTH or refused.token is None:
            return None
        token = self._signing_in().renew(self._entry(account), instead_of=refused.token)
        return Credentials(account.username, token=token)

    def _entry(self, account: Account) -> str:
        return f"{account.address} in {self._home}"


def _fit(servers: NewAccount | AccountChange) -> None:
    """Raise `InvalidArgument` for a server's address that is of another protocol."""
    urls = {"imap": servers.imap_url, "pop3": servers.pop3_url, "smtp": servers.smtp_url}
    for protocol, url in urls.items():
        if url and Endpoint.parse(url).protocol != protocol:
            raise InvalidArgument(f"--{protocol}", f"{url} is no address of {protocol}")


def _place(new: NewAccount) -> str:
    """Return where the account's secret will be, as the store notes it."""
    if new.sign_in is not None:
        return _OAUTH
    return f"{_COMMAND}{new.password_command}" if new.password_command else _KEYCHAIN
