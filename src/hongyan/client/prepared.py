"""What a session of the public library is made of before it is opened, blocking or asyncio."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from hongyan import pop3, smtp
from hongyan.client.session import open_pop3, open_smtp
from hongyan.errors import InvalidArgument
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials

if TYPE_CHECKING:
    from hongyan.client.session import Login
    from hongyan.flow import Flow
    from hongyan.net.channel import Channel
    from hongyan.net.record import Recorder
    from hongyan.net.tls import Context
    from hongyan.sasl import Mechanism


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
        timeout: float = 30.0,
        context: Context | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Prepare a session with the server at ``url``, such as ``pop3s://host``.

        Without a username and a mechanism nobody logs in. ``timeout`` is how long connecting may
        take, in seconds; ``context`` replaces the system's trust; ``recorder`` gets every line with
        its secrets blotted out. Raises `InvalidArgument`.
        """
        self._endpoint = Endpoint.parse(url)
        if self._endpoint.protocol != self._protocol:
            raise InvalidArgument("url", f"{url} is no address of {self._protocol}")
        if username is None and (password is not None or token is not None):
            raise InvalidArgument("username", "is missing")
        credentials = None if username is None else Credentials(username, password, token=token)
        self._login: Login = mechanism or credentials
        self._timeout = timeout
        self._context = context
        self._recorder = recorder

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

    def _opening(self, channel: Channel) -> Flow[pop3.Connection]:
        return open_pop3(channel, self._login)

    def _ending(self) -> Flow[object]:
        return pop3.quit_(self._conn)


class PreparedSMTP(Prepared):
    """An SMTP session to be."""

    _protocol = "smtp"
    _conn: smtp.Connection

    def _opening(self, channel: Channel) -> Flow[smtp.Connection]:
        return open_smtp(channel, self._login)

    def _ending(self) -> Flow[object]:
        return smtp.quit_(self._conn)
