"""Rules where they go: at work here, and as a Sieve script on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan import managesieve
from hongyan.client.session import open_sieve
from hongyan.errors import InvalidArgument, NotFound
from hongyan.net.endpoint import Endpoint
from hongyan.sync import sieve
from hongyan.sync.rules import Ruling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hongyan.app.servers import Servers
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Store
    from hongyan.store.rule import Rule
    from hongyan.sync.sieve import Exported


class ServedRuling(Ruling):
    """`Ruling`, and the way of rules to a server that has ManageSieve."""

    def __init__(self, store: Store, servers: Servers, *, clock: Callable[[], datetime]) -> None:
        super().__init__(store, clock=clock)
        self._servers = servers

    def sieve(self, rules: Sequence[Rule], *, account: Account | None = None) -> Exported:
        """Return the script of rules, of all or of those for an account."""
        wanted = [
            rule
            for rule in rules
            if account is None or rule.account_ids is None or account.id in rule.account_ids
        ]
        return sieve.export(wanted, self._path)

    def install(
        self, account: Account, *, url: str | None = None, port: int | None = None
    ) -> Exported:
        """Put the account's rules onto its server as the active script, and return it.

        ``url`` is such as ``sieve://host``, by default the host of the account's IMAP or POP3
        server, at ``port`` where that is not the usual one. Another active script is not replaced:
        its name is told. Raises `Refused` with the server's words, `Unsafe`, `NetworkError`,
        `InvalidArgument`.
        """
        exported = self.sieve(self._store.rules.list(), account=account)
        where = url or _beside(account, port)
        if Endpoint.parse(where).protocol != "sieve":
            raise InvalidArgument("server", f"{where} is no address of ManageSieve")

        def put(credentials: Callable[[], Credentials]) -> Exported:
            with self._servers.connect(where) as driver:
                conn = driver.run(open_sieve(driver.channel, credentials()))
                for script in driver.run(managesieve.list_scripts(conn)):
                    if script.active and script.name != sieve.NAME:
                        words = f"{script.name!r} is active there, and would be no more"
                        raise InvalidArgument("server", words)
                driver.run(managesieve.put(conn, sieve.NAME, exported.script.encode()))
                driver.run(managesieve.activate(conn, sieve.NAME))
                driver.run(managesieve.logout(conn))
            return exported

        return self._servers.logged_in(account, put)

    def _path(self, mailbox_id: str) -> str:
        """Return a mailbox's path, its levels parted by a slash."""
        box = self._store.mailboxes.get(mailbox_id)
        return f"{self._path(box.parent_id)}/{box.name}" if box.parent_id else box.name


def _beside(account: Account, port: int | None) -> str:
    """Return where ManageSieve would be, beside the server that keeps the mail."""
    url = account.imap_url or account.pop3_url
    if url is None:
        raise NotFound(f"{account.address} has no server that keeps its mail")
    return f"sieve://{Endpoint.parse(url).host}{f':{port}' if port else ''}"
