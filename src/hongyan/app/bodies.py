"""Bringing the bodies of messages of which only the header is here, when somebody wants them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.errors import HongyanError, NotFound, NotHereYet
from hongyan.net.endpoint import Endpoint
from hongyan.sync.imap_body import fetch_some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.app.servers import Servers
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Store

_PATIENCE: Final = 10.0  # seconds that whoever asked waits; what takes longer comes all the same
_LONGEST: Final = 600.0


class Bodies:
    """Fetches out of turn, by connections of its own: a visit that is under way goes on."""

    def __init__(self, store: Store, servers: Servers, *, patience: float = _PATIENCE) -> None:
        self._store = store
        self._servers = servers
        self._patience = patience
        self._lock = threading.Lock()
        self._under_way: dict[str, _Errand] = {}

    def bring(self, message_ids: Iterable[str]) -> None:
        """Fetch what is not here of messages. Raises `NotHereYet`: it could not be had, or not yet.

        Within a transaction nothing is done, since others would wait for the network.
        """
        if self._store.is_writing:
            return
        deadline = time.monotonic() + self._patience
        for errand in self._errands(message_ids):
            errand.join(max(0.0, deadline - time.monotonic()))
            if errand.is_alive():
                raise NotHereYet("it is being fetched", message_id=errand.ids[0])
            if errand.error:
                raise errand.error

    def _errands(self, message_ids: Iterable[str]) -> list[_Errand]:
        """Return what brings the messages; those that are under way already are not begun again."""
        missing: defaultdict[str, list[str]] = defaultdict(list)
        found: list[_Errand] = []
        with self._lock:
            self._under_way = {id_: it for id_, it in self._under_way.items() if it.is_alive()}
            for row in self._store.messages.list(message_ids):
                if row.id in self._under_way:
                    found.append(self._under_way[row.id])
                elif not row.whole:
                    missing[row.account_id].append(row.id)
            for account_id, ids in missing.items():
                errand = _Errand(self._fetch, account_id, ids)
                self._under_way |= dict.fromkeys(ids, errand)
                errand.start()
                found.append(errand)
        return found

    def _fetch(self, account_id: str, ids: list[str]) -> None:
        account = self._store.accounts.get(account_id)
        url = account.imap_url
        if url is None:
            raise NotFound(f"{account.address} has no IMAP server any more")
        self._servers.logged_in(account, lambda shown: self._visit(account, url, shown, ids))
        for row in self._store.messages.list(ids):
            if not row.whole:
                raise NotFound("the server has it no more where it was")

    def _visit(
        self, account: Account, url: str, credentials: Callable[[], Credentials], ids: list[str]
    ) -> None:
        with self._servers.connect(url) as driver:
            visit = self._servers.visit(account, Endpoint.parse(url))
            conn = visit.open_imap(driver, credentials())
            driver.run(fetch_some(conn, self._store, account.id, ids), total=_LONGEST)
            driver.run(imap.logout(conn))


class _Errand(threading.Thread):
    """Messages of one account on their way."""

    def __init__(
        self, fetch: Callable[[str, list[str]], None], account_id: str, ids: list[str]
    ) -> None:
        super().__init__(name=f"bodies of {account_id}", daemon=True)
        self._fetch = fetch
        self._account_id = account_id
        self.ids = ids
        self.error: NotHereYet | None = None

    def run(self) -> None:
        """Fetch, and keep why that could not be done."""
        try:
            self._fetch(self._account_id, self.ids)
        except HongyanError as error:
            words = f"only its header is here yet, and it could not be fetched: {error}"
            self.error = NotHereYet(words, message_id=self.ids[0])
