"""LOGIN (draft-murchison-sasl-login-00): the user name, then the password, each when asked for.

Obsolete and still alone at some servers. The prompts are not read: servers word them as they
like, the order is what all of them keep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hongyan.errors import ProtocolError

if TYPE_CHECKING:
    from hongyan.sasl.types import Credentials


class Login:
    """One LOGIN exchange. Raises `InvalidArgument` without a username or a password."""

    name: ClassVar = "LOGIN"
    plaintext: ClassVar = True

    def __init__(self, credentials: Credentials) -> None:
        username, password = (part.encode() for part in credentials.by_password())
        self._answers = iter((username, password))
        self.secrets = (password,)

    def start(self) -> None:
        """Return None: the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:  # noqa: ARG002 - any prompt will do
        """Return the user name to the first prompt and the password to the second."""
        answer = next(self._answers, None)
        if answer is None:
            raise ProtocolError("the server asks for a third thing in LOGIN")
        return answer

    def finish(self) -> None:
        """Do nothing: LOGIN leaves it to TLS to prove the server."""
