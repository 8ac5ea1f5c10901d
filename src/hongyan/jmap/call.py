"""One method call and all that it may reach: `Call`; what a server is made of: `Jmap`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from hongyan.errors import NotFound
from hongyan.jmap.arguments import Arguments, id_
from hongyan.jmap.errors import Json, MethodError
from hongyan.jmap.limits import Limits

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.store import Account, Store

Method: TypeAlias = Callable[["Call"], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jmap:
    """A server of JMAP without HTTP: its store, its limits, and the ways to what is not the store.

    ``wake`` is called with an account id when something waits to be sent, ``changed`` when mail or
    mailboxes were changed, which the account's own server may want to be told; ``bring`` with ids
    of messages of which only the header is here: it fetches their octets before it returns, or
    raises `NotHereYet`; ``own`` are the methods of our own capability that this server answers,
    ``events`` the names of its own events.
    """

    store: Store
    clock: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    wake: Callable[[str], None] = lambda _account_id: None
    changed: Callable[[str], None] = lambda _account_id: None
    bring: Callable[[Sequence[str]], None] = lambda _message_ids: None
    own: Mapping[str, Method] = field(default_factory=dict)
    events: frozenset[str] = frozenset()


class Call(Arguments):
    """A method call: its arguments, the ids made by the calls before it, the server."""

    def __init__(self, server: Jmap, arguments: Json, created: dict[str, str]) -> None:
        super().__init__(arguments)
        self.server = server
        self.store = server.store
        self.limits = server.limits
        self.created = created
        self.follow_ups: list[tuple[str, Json]] = []
        self._account: Account | None = None

    @property
    def account(self) -> Account:
        """The account that ``accountId`` names. Raises `MethodError` ``accountNotFound``."""
        if self._account is None:
            account_id = self.take("accountId", id_)
            self._account = account_of(self.store, account_id)
        return self._account

    def resolve(self, reference: str) -> str:
        """Return the id that a creation id stands for, other ids as they are.

        One that stands for nothing stays as it is and is then not found.
        """
        return self.created.get(reference[1:], reference) if reference[:1] == "#" else reference

    def follow(self, name: str, arguments: Json) -> None:
        """Let another method be called right after this one; its answer has the same call id."""
        self.follow_ups.append((name, arguments))

    def changed(self, old: str, new: str) -> None:
        """Have the account's own server told, where one state became another."""
        if old != new:
            self.server.changed(self.account.id)

    def answer(self, **arguments: Any) -> Json:  # noqa: ANN401  # JSON
        """Return an answer with the account's id first."""
        return {"accountId": self.account.id, **arguments}


def account_of(store: Store, account_id: str) -> Account:
    """Return the account with an id. Raises `MethodError` ``accountNotFound``."""
    try:
        account = store.accounts.get(account_id)
    except NotFound:
        account = None
    if account is None or account.id != account_id:  # `get` takes addresses too
        raise MethodError("accountNotFound")
    return account
