"""What a NO or BAD means for the person (RFC 5530): which error, whether to try again."""

from __future__ import annotations

from typing import Final

from hongyan.errors import AuthenticationRefused, Refused
from hongyan.imap.types import Condition, Status, Tagged, Verb

_NEXT_STEP: Final = {
    "UNAVAILABLE": "a part of the server is down; try again later",
    "INUSE": "another program uses this mailbox; try again when it is done",
    "LIMIT": "the server's limit is reached",
    "OVERQUOTA": "there is no room left",
    "CONTACTADMIN": "tell the server's operator",
    "SERVERBUG": "a fault of the server; tell its operator",
    "CORRUPTION": "the server's mailbox is damaged; tell its operator",
    "PRIVACYREQUIRED": "the server wants TLS first",
    "EXPIRED": "the password has expired",
    "AUTHENTICATIONFAILED": "check the user name and the password",
}
_TEMPORARY: Final = frozenset({"UNAVAILABLE", "INUSE", "EXPUNGEISSUED"})
_TEMPORARY_WORDS: Final = ("authenticated but not connected",)  # Exchange, see `quirks`
_LOGINS: Final = frozenset({Verb.LOGIN, Verb.AUTHENTICATE})
_CREDENTIALS: Final = frozenset({"", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED"})


def refusal(reply: Tagged | Condition, *, because: str = "") -> Refused:
    """Return the error that ``reply`` means; ``because`` is what a mechanism was told.

    A login's NO speaks against the credentials unless its code names another cause; BAD never does.
    """
    code = reply.code.name if reply.code else ""
    verb = reply.verb if isinstance(reply, Tagged) else None
    words = [reply.text or f"the server refused {verb.value if verb else 'to serve'}"]
    if code in _NEXT_STEP:
        words.append(f"({_NEXT_STEP[code]})")
    if because:
        words.append(f"({because})")
    about_login = verb in _LOGINS and reply.status is Status.NO and code in _CREDENTIALS
    kind = AuthenticationRefused if about_login else Refused
    temporary = code in _TEMPORARY or any(each in reply.text for each in _TEMPORARY_WORDS)
    return kind(" ".join(words), code=code, temporary=temporary)
