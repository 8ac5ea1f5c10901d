"""What a session of the public library is made of before it is opened, blocking or asyncio."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, TypedDict

from hongyan import imap, pop3, smtp
from hongyan.client.session import open_imap, open_pop3, open_smtp
from hongyan.errors import InvalidArgument
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Unpack

    from hongyan.client.session import Login, Offered
    from hongyan.flow import Flow
    from hongyan.net.channel import Channel
    from hongyan.net.record import Recorder
    from hongyan.net.tls import Context
    from hongyan.sasl import Mechanism


AnyUids: TypeAlias = "imap.Uids | Iterable[int]"
"""Which messages: a set of UIDs, as `search` gives it, or any numbers."""

_NEWS_KEPT: Final = 10_000


def uids_of(given: AnyUids) -> imap.Uids:
    """Return the messages that the caller means. Raises `InvalidArgument`."""
    return given if isinstance(given, imap.NumberSet | imap.Saved) else imap.NumberSet.of(given)


class Options(TypedDict, total=False):
    """What may be said of a session of any protocol; see `Prepared`."""

    token: str | None
    mechanism: Mechanism | None
    remembered: Offered | None
    timeout: float
    context: Context | None
    recorder: Recorder | None


class Prepared(ABC):
    """The arguments of a session; nothing is sent before it is entered."""

    _protocol: ClassVar[str]

    def __init__(  # noqa: PLR0913  # the public constructor: what is usual stands first
        self,
        url: str,
        username: str | None = None,
        password: str | None = None,
        *,
        token: str | None = None,
        mechanism: Mechanism | None = None,
        remembered: Offered | None = None,
        timeout: float = 30.0,
        context: Context | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Prepare a session with the server at ``url``, such as ``pop3s://host``.

        Without a username and a mechanism nobody logs in. ``remembered`` is what an earlier session
        gave as ``offered``: a weaker offer is then refused, and POP3 saves a round trip.
        ``timeout`` is how long connecting may take, in seconds; ``context`` replaces the system's
        trust; ``recorder`` gets every line with its secrets blotted out. Raises `InvalidArgument`.
        """
        self._endpoint = Endpoint.parse(url)
        if self._endpoint.protocol != self._protocol:
            raise InvalidArgument("url", f"{url} is no address of {self._protocol}")
        if username is None and (password is not None or token is not None):
            raise InvalidArgument("username", "is missing")
        credentials = None if username is None else Credentials(username, password, token=token)
        self._login: Login = mechanism or credentials
        self._remembered = remembered
        self._timeout = timeout
        self._context = context
        self._recorder = recorder

    if not TYPE_CHECKING:  # or type checkers would believe in every attribute

        def __getattr__(self, name: str) -> object:
            """Say what is wrong where a session is used before it is entered."""
            if name in ("_conn", "_driver"):
                raise InvalidArgument("session", "is not open: use it in a 'with' block")
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    @abstractmethod
    def _opening(self, channel: Channel) -> Flow[Any]:
        """Return the flow that opens the session."""

    @abstractmethod
    def _ending(self) -> Flow[object]:
        """Return the flow that says goodbye."""


class PreparedPOP3(Prepared):
    """A POP3 session to be."""

    _protocol = "pop3"
    _conn: pop3.Connection

    def __init__(
        self,
        url: str,
        username: str | None = None,
        password: str | None = None,
        *,
        listing: bool = False,
        limits: pop3.Limits | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Prepare a session; see `Prepared`.

        With ``listing`` the list of messages is asked for together with the login, where the server
        allows it, and the first ``list()`` costs no round trip. ``limits`` is how much the server
        may send before it counts as hostile.
        """
        super().__init__(url, username, password, **options)
        if listing and self._login is None:
            raise InvalidArgument("listing", "needs a login")
        self._listing = listing
        self._limits = limits
        self._listed: tuple[pop3.Entry, ...] | None = None

    @property
    def offered(self) -> dict[str, tuple[str, ...]]:
        """What the server offers, to be ``remembered``: capabilities and their arguments."""
        return dict(self._conn.capabilities.names)

    def _opening(self, channel: Channel) -> Flow[pop3.Connection]:
        known = self._remembered
        conn = yield from open_pop3(
            channel,
            self._login,
            offered=known,
            remembered=known.get("SASL", ()) if known else (),
            riders=(pop3.Verb.LIST, pop3.Verb.UIDL) if self._listing else (),
            limits=self._limits,
        )
        if self._listing:
            self._listed = yield from pop3.list_entries(conn)
        return conn

    def _entries(self) -> Flow[tuple[pop3.Entry, ...]]:
        listed, self._listed = self._listed, None
        if listed is None:
            listed = yield from pop3.list_entries(self._conn)
        return listed

    def _fetching(
        self, entries: Sequence[pop3.Entry], sink: pop3.Sink, *, leave: bool
    ) -> Flow[tuple[pop3.Failure, ...]]:
        """Return the flow of ``fetch``.

        A server that removes what it has given is not told goodbye before the sink has all.
        """
        expire = self._conn.capabilities.expire
        safe = expire is None or expire.days != 0
        riders = (pop3.Verb.QUIT,) if leave and safe else ()
        return pop3.retrieve(self._conn, entries, sink, riders=riders)

    def _ending(self) -> Flow[object]:
        return pop3.quit_(self._conn)


class PreparedSMTP(Prepared):
    """An SMTP session to be."""

    _protocol = "smtp"
    _conn: smtp.Connection

    @property
    def offered(self) -> dict[str, tuple[str, ...]]:
        """What the server offers, to be ``remembered``: extensions and their parameters."""
        return dict(self._conn.extensions.names)

    def _opening(self, channel: Channel) -> Flow[smtp.Connection]:
        known = self._remembered
        return open_smtp(channel, self._login, remembered=known.get("AUTH", ()) if known else ())

    def _ending(self) -> Flow[object]:
        return smtp.quit_(self._conn)


class PreparedIMAP(Prepared):
    """An IMAP session to be."""

    _protocol = "imap"
    _conn: imap.Connection

    def __init__(
        self,
        url: str,
        username: str | None = None,
        password: str | None = None,
        *,
        compress: bool = False,
        listener: Callable[[imap.News], None] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Prepare a session; see `Prepared`.

        With ``compress`` the line is compressed where the server offers it. ``listener`` hears at
        once what the server says unasked; without one it waits in `news`.
        """
        super().__init__(url, username, password, **options)
        self._compress = compress
        self._listener = listener
        self._news: deque[imap.News] = deque(maxlen=_NEWS_KEPT)

    @property
    def offered(self) -> dict[str, tuple[str, ...]]:
        """What the server offers, to be ``remembered``: capabilities, and AUTH's mechanisms."""
        names: dict[str, tuple[str, ...]] = dict.fromkeys(sorted(self._conn.capabilities.names), ())
        return names | {"AUTH": self._conn.mechanisms}

    @property
    def enabled(self) -> frozenset[str]:
        """The extensions that are on, such as QRESYNC."""
        return self._conn.enabled

    def news(self) -> tuple[imap.News, ...]:
        """Take what the server has said unasked since the last time, the latest 10,000 of it."""
        news = tuple(self._news)
        self._news.clear()
        return news

    def _hear(self, news: imap.News) -> None:
        if self._listener is not None:
            self._listener(news)
        else:
            self._news.append(news)

    def _opening(self, channel: Channel) -> Flow[imap.Connection]:
        known = self._remembered.get("AUTH", ()) if self._remembered else ()
        conn = yield from open_imap(channel, self._login, remembered=known, listener=self._hear)
        if self._compress and "COMPRESS=DEFLATE" in conn.capabilities:
            yield from imap.compress(conn)
        return conn

    def _idling(self, seconds: float) -> Flow[tuple[imap.News, ...]]:
        yield from imap.idle(self._conn, seconds=seconds)
        return self.news()

    def _ending(self) -> Flow[object]:
        return imap.logout(self._conn)
