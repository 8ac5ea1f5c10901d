"""Setting up an account from its address: find servers, try each for real, log in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hongyan.discover import Proof, Providers, Service, Source, find, prove
from hongyan.errors import AuthenticationRefused, HongyanError, NotFound
from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.app.network import Network
    from hongyan.app.servers import Servers
    from hongyan.discover import Candidate, Found, Setup
    from hongyan.sasl import Credentials

READERS: Final = (Service.IMAP, Service.POP3)
_PATIENCE: Final = 10.0  # seconds to connect to a server that somebody named
_PATIENCE_WITH_A_GUESS: Final = 4.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an account needs to know of its servers."""

    username: str
    incoming_url: str
    outgoing_url: str


class Discovery:
    """Finding the servers of an address."""

    def __init__(self, servers: Servers, network: Network) -> None:
        self._servers = servers
        self._network = network

    def find(
        self,
        address: str,
        *,
        use: str | None = None,
        tell: Callable[[Proof], None],
    ) -> Setup:
        """Return the first servers that answer as they should, without logging in.

        ``use`` is imap or pop3 for one of them alone. Each try goes to ``tell``. Raises
        `InvalidArgument` for what is no address.
        """
        readers = (Service(use),) if use else READERS
        sources = find(address, Providers.load(), self._network)
        return prove(sources, self._attempt, readers=readers, tell=tell)

    def _attempt(self, found: Found, candidate: Candidate) -> Proof:
        guessed = found.source is Source.GUESS
        within = _PATIENCE_WITH_A_GUESS if guessed else _PATIENCE
        try:
            words = self._servers.greet(str(candidate.endpoint), within=within)
        except HongyanError as error:
            return Proof(found=found, candidate=candidate, error=error)
        return Proof(found=found, candidate=candidate, words=words)

    def log_in(
        self, setup: Setup, credentials: Callable[[str], Credentials], *, username: str = ""
    ) -> Chosen:
        """Log in to both servers and say what works; ``credentials`` are made of a username.

        That is the one given, or the first of those that the server may want which it takes.

        Raises `NotFound` when a server is missing, `AuthenticationRefused` when no username and
        password was taken, and what connecting raises.
        """
        if setup.incoming is None or setup.outgoing is None:
            missing = "read by" if setup.incoming is None else "send by"
            raise NotFound(f"no server to {missing} was found")
        incoming, outgoing = setup.incoming.candidate, setup.outgoing.candidate
        usernames = (username,) if username else incoming.usernames
        username = self._accepted(replace(incoming, usernames=usernames), credentials)
        check = self._servers.try_login(str(outgoing.endpoint), credentials(username))
        if check.error is not None:
            raise check.error
        return Chosen(username, str(incoming.endpoint), str(outgoing.endpoint))

    def _accepted(self, candidate: Candidate, credentials: Callable[[str], Credentials]) -> str:
        """Return the first username that the server takes."""
        refusal: HongyanError | None = None
        for username in candidate.usernames:
            check = self._servers.try_login(str(candidate.endpoint), credentials(username))
            if check.error is None:
                return username
            if not isinstance(check.error, AuthenticationRefused):
                raise check.error
            refusal = refusal or check.error
        raise refusal or NotFound(f"{shown(candidate.endpoint.host)} wants no login that is known")
