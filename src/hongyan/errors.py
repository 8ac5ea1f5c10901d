"""The one error tree of Hongyan; the command line maps it to exit codes.

::

    HongyanError
    ├── NetworkError            the line: nothing wrong was said, but it does not carry
    │   ├── ConnectFailed       no connection could be made (DNS, refused, unreachable)
    │   ├── ConnectionLost      the peer closed, or the line broke
    │   ├── TimedOut            a deadline passed
    │   └── TLSFailed           no trusted TLS: certificate, host name, version
    ├── ProtocolError           the peer spoke outside its protocol; the connection is closed
    ├── Refused                 the server said no, in its own words
    │   └── AuthenticationRefused
    ├── Unsafe                  we decline: it would break a promise (a password in clear)
    ├── InvalidArgument         what the person gave cannot be sent or read; names the field
    ├── NotFound                no such account, mailbox or message
    ├── NotHereYet              only the header of a message is here, its body is still to come
    ├── StoreError              the store cannot be opened, read or written
    │   └── Busy                another program has it for now
    └── Cancelled               the person, or a shutdown, ended it
"""

from __future__ import annotations

from hongyan.reasons import Reason


class HongyanError(Exception):
    """Root of all errors that Hongyan raises on purpose."""

    @property
    def arguments(self) -> dict[str, str]:
        """What its words are made of, for whoever says it in another language.

        ``why`` is the code of a sentence that is a `hongyan.reasons.Reason`.
        """
        words = str(self)
        return {"words": words, **Reason.read(words)}


def code_of(error: Exception) -> str:
    """Return the name by which others know the kind of an error; ``Defect`` for none of ours."""
    return type(error).__name__ if isinstance(error, HongyanError) else "Defect"


class NetworkError(HongyanError):
    """The network failed; trying again later may help."""


class ConnectFailed(NetworkError):
    """No connection could be made."""


class ConnectionLost(NetworkError):
    """The peer closed the connection, or it broke."""


class TimedOut(NetworkError):
    """A deadline passed before the peer had done its part."""


class TLSFailed(NetworkError):
    """TLS could not be established with a trusted peer."""


class ProtocolError(HongyanError):
    """The peer broke its protocol; nothing more from this connection can be believed."""


class Refused(HongyanError):
    """The server refused a command.

    ``code`` is the reply code (SMTP ``"550"``) or POP3 response code (``"IN-USE"``) or ``""``;
    ``enhanced`` the RFC 3463 status such as ``"5.1.1"`` or ``""``; ``text`` the server's words,
    already cleaned for display; ``temporary`` whether the same may succeed later.
    """

    def __init__(
        self, text: str, *, code: str = "", enhanced: str = "", temporary: bool = False
    ) -> None:
        """Keep the server's verdict."""
        super().__init__(" ".join(part for part in (code, enhanced, text) if part))
        self.text = text
        self.code = code
        self.enhanced = enhanced
        self.temporary = temporary

    @property
    def arguments(self) -> dict[str, str]:
        """See `HongyanError`; ``text`` is the server's own."""
        return {"words": str(self), "text": self.text, "code": self.code}


class AuthenticationRefused(Refused):
    """The server did not accept the credentials."""


class Unsafe(HongyanError):
    """Hongyan declines an act that would break a promise, such as a password in clear."""


class InvalidArgument(HongyanError):
    """A value given by the person or the caller cannot be used; ``field`` names it."""

    def __init__(self, field: str, reason: str) -> None:
        """Name the field and say why."""
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason

    @property
    def arguments(self) -> dict[str, str]:
        """See `HongyanError`."""
        return {"words": self.reason, "field": self.field}


class NotFound(HongyanError):
    """What was asked for does not exist."""


class NotHereYet(HongyanError):
    """Of a message only the header is here; ``message_id`` is its id, where it is about one."""

    def __init__(self, words: str, *, message_id: str = "") -> None:
        """Say what is missing."""
        super().__init__(words)
        self.message_id = message_id


class StoreError(HongyanError):
    """The store cannot be opened, read or written."""


class Busy(StoreError):
    """Another program holds what is needed; the words say which."""


class Cancelled(HongyanError):
    """The operation was ended from outside."""
