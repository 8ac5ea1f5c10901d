"""One profile: its store, its passwords, and what can be done with them.

What a command may not need is imported where it is made, so that commands start quickly.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from hongyan.app.accounts import Accounts
from hongyan.app.clock import now
from hongyan.app.serving import PROFILE
from hongyan.errors import InvalidArgument, NotFound, Unsafe
from hongyan.net.record import Recorder
from hongyan.net.ring import Ring
from hongyan.store import Store
from hongyan.sync.activity import Activities

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from hongyan.app.bodies import Bodies
    from hongyan.app.discovery import Discovery
    from hongyan.app.encryption import Encryption
    from hongyan.app.examination import Examination
    from hongyan.app.fetching import Fetching
    from hongyan.app.housekeeping import Housekeeping
    from hongyan.app.jobs import Jobs
    from hongyan.app.network import Network
    from hongyan.app.ruling import ServedRuling
    from hongyan.app.sending import Sending
    from hongyan.app.servers import Record, Servers
    from hongyan.app.signing_in import SigningIn
    from hongyan.app.transferring import Transferring
    from hongyan.config import Config
    from hongyan.keychain import Keychain
    from hongyan.net.endpoint import Endpoint
    from hongyan.net.record import Line
    from hongyan.net.web import Web
    from hongyan.server import Address, Keys, Server
    from hongyan.store.envelope import KeyPlace
    from hongyan.store.history import History
    from hongyan.sync.workers import Workers


def untold(words: str) -> None:
    """Tell nobody."""


def ask_nobody(question: str) -> str:
    """Refuse to ask: there is no person at a pipe."""
    raise Unsafe(
        f"{question} cannot be asked here; set HONGYAN_PASSPHRASE, or use --password-command"
    )


class App:
    """A profile and what can be done with it; a context manager that closes the store."""

    def __init__(
        self,
        config: Config,
        *,
        ask: Callable[[str], str] = ask_nobody,
        network: Network | None = None,
    ) -> None:
        self.home = config.home
        self._ask = ask
        self._other_network = network
        self._open = ExitStack()
        self.record: Callable[[Line], None] | None = None
        self.tell: Callable[[str], None] = untold

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
    def _network(self) -> Network:
        from hongyan.app.network import Network

        return self._other_network or Network()

    @property
    def exists(self) -> bool:
        """Whether there is a profile yet; the first use of its `store` makes one."""
        return (self.home / "mail.db").exists()

    @cached_property
    def store(self) -> Store:
        """The profile's store, opened when it is first needed."""
        return self._open.enter_context(Store.open(self.home, clock=now, key=self._key))

    @cached_property
    def encryption(self) -> Encryption:
        """How the profile lies on the disk, and its key."""
        from hongyan.app.encryption import Encryption

        return Encryption(self.home, self._keychain)

    @cached_property
    def accounts(self) -> Accounts:
        """The accounts and their passwords."""
        return Accounts(self.store, self._keychain, lambda: self.signing_in, home=self.home)

    @cached_property
    def servers(self) -> Servers:
        """The servers of the accounts; each connection is recorded where `record` is set."""
        return self._servers_recorded_by(self._recorder)

    @cached_property
    def discovery(self) -> Discovery:
        """What finds the servers of an address."""
        from hongyan.app.discovery import Discovery

        return Discovery(self.servers, self._network)

    @cached_property
    def examination(self) -> Examination:
        """What looks at servers and says what is wrong."""
        from hongyan.app.examination import Examination

        return Examination(self.servers, self._network, clock=now)

    @property
    def outside(self) -> Web:
        """The web, for addresses that stand in mail."""
        return self._network.outside

    @cached_property
    def signing_in(self) -> SigningIn:
        """What signs in by OAuth and keeps the tokens good."""
        from hongyan.app.signing_in import SigningIn

        return SigningIn(self._keychain, self._network.web, clock=now)

    @cached_property
    def fetching(self) -> Fetching:
        """What brings new mail."""
        from hongyan.app.fetching import Fetching

        return Fetching(self.store, self.servers, clock=now, tell=self._told)

    @cached_property
    def bodies(self) -> Bodies:
        """What fetches messages of which only the header is here."""
        from hongyan.app.bodies import Bodies

        return Bodies(self.store, self.servers)

    def raw(self, message_id: str) -> bytes:
        """Return a message's octets, fetched now if only its header is here.

        Raises as `Messages.raw`.
        """
        if not self.store.messages.get(message_id).whole:
            self.bodies.bring([message_id])
        return self.store.messages.raw(message_id)

    @cached_property
    def ruling(self) -> ServedRuling:
        """The rules at work."""
        from hongyan.app.ruling import ServedRuling

        return ServedRuling(self.store, self.servers, clock=now)

    @cached_property
    def history(self) -> History:
        """What changes mail that is here already, and takes it back."""
        from hongyan.store.history import History

        return History(self.store)

    @cached_property
    def sending(self) -> Sending:
        """The way out for mail."""
        from hongyan.app.sending import Sending

        return Sending(self.store, self.servers, clock=now)

    @cached_property
    def jobs(self) -> Jobs:
        """What was begun from the page and takes its time."""
        from hongyan.app.jobs import Jobs

        return Jobs()

    @cached_property
    def transferring(self) -> Transferring:
        """Imports and exports as jobs."""
        from hongyan.app.transferring import Transferring

        return Transferring(self.store, self.jobs, clock=now)

    @cached_property
    def activities(self) -> Activities:
        """What the accounts are doing while `workers` work."""
        return Activities()

    @cached_property
    def wire(self) -> Ring:
        """The wire records of the workers' last connections."""
        return Ring(now)

    @cached_property
    def workers(self) -> Workers:
        """A worker for each account, once they are started."""
        connect = self._servers_recorded_by
        from hongyan.app.staff import Staff

        staff = Staff(
            self.store,
            connect,
            activities=self.activities,
            wire=self.wire,
            tell=self._told,
        )
        return staff.workers()

    @cached_property
    def housekeeping(self) -> Housekeeping:
        """What keeps a served profile tidy."""
        from hongyan.app.housekeeping import Housekeeping

        return Housekeeping(self.store, clock=now)

    def _key(self, place: KeyPlace) -> bytes:
        return self.encryption.key(place)

    def _told(self, words: str) -> None:
        self.tell(words)  # whatever it is by then

    def _servers_recorded_by(self, record: Record) -> Servers:
        from hongyan.app.servers import Servers

        return Servers(
            self.accounts, store=lambda: self.store, network=self._network, record=record
        )

    @cached_property
    def keys(self) -> Keys:
        """What lets clients of the local server in."""
        from hongyan.server import Keys

        return Keys.of(self.home, clock=now)

    def server(self, address: Address) -> Server:
        """Return the local server of the profile, not yet started. Raises `ConnectFailed`."""
        from hongyan.app.own import EVENTS, own_methods, relay
        from hongyan.jmap import Jmap
        from hongyan.server import Place, Server

        jmap = Jmap(
            store=self.store,
            clock=now,
            wake=self.workers.wake,
            changed=self.workers.tell_soon,
            bring=self.bodies.bring,
            own=own_methods(self),
            events=EVENTS,
        )
        place = Place(self.home)
        server = Server(jmap, self.keys, address=replace(address, usual_port=place.port))
        place.keep(server.site.origin)
        relay(self.activities, self.wire, self.jobs, server.hub)
        return server

    def page_link(self) -> str:
        """Return a new one-time link to the page that another program serves. Raises `NotFound`."""
        from hongyan.server import Place

        origin = Place(self.home).origin
        if not origin or self.store.holds.holder(PROFILE) is None:
            raise NotFound("nothing serves this profile: 'hongyan serve' does")
        return f"{origin}/#start={self.keys.make_pass()}"

    def _recorder(self, endpoint: Endpoint) -> Recorder | None:
        if self.record is None:
            return None
        recorder = Recorder(self.record)
        recorder.note(str(endpoint))
        return recorder

    @property
    def needs_passphrase(self) -> bool:
        """Whether passwords lie in a file that somebody must open by a passphrase."""
        from hongyan import keychain

        return (self.home / keychain.FILE_NAME).exists()

    def _keychain(self) -> Keychain:
        from hongyan import keychain

        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return keychain.open_keychain(self.home, self._passphrase)

    def _passphrase(self) -> str:
        if given := os.environ.get("HONGYAN_PASSPHRASE"):
            return given
        if self.needs_passphrase:
            return self._ask("the passphrase of your passwords")
        chosen = self._ask("a new passphrase, which encrypts your passwords")
        if chosen != self._ask("it again"):
            raise InvalidArgument("passphrase", "the two are not the same")
        return chosen
