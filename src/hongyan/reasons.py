"""Why something went wrong, in sentences that have a code.

The members are the codes; their values are the English sentences, with the names of what each is
about in braces. The store and the terminal keep the sentence; a page, which may speak another
language, words the code. Where what a system said is known itself, it is a reason of its own, and
stands before the one that takes any words.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

_NAME = re.compile(r"\\\{(\w+)\\\}")  # as `re.escape` leaves a name in braces
# Names that stand for more than one word.
_WORDS = frozenset({"said", "mailboxes", "offered", "have", "now", "holder"})


class Reason(Enum):
    """A sentence; see the module."""

    HOST_UNKNOWN = "{host} was not found: {said}"
    PORT_REFUSES = "{host} port {port} cannot be reached: Connection refused"
    PORT_SILENT = "{host} port {port} cannot be reached: {host} did not answer in time"
    NO_ROUTE = "{host} port {port} cannot be reached: No route to host"
    NO_NETWORK = "{host} port {port} cannot be reached: Network is unreachable"
    UNREACHABLE = "{host} port {port} cannot be reached: {said}"
    NO_ANSWER = "{host} did not answer in time"
    BROKEN = "the connection broke: {said}"
    CLOSED = "the server closed the connection"
    ENDED = "the server ended the session: {said}"
    NO_WEB = "{host} did not answer as a web server: {said}"
    TLS_CLOSED = "the server closed the connection during the TLS handshake"
    TLS_FAILED = "TLS with {host} failed: {said}"
    TLS_BROKEN = "TLS with {host} broke: {said}"
    CERTIFICATE_EXPIRED = "the certificate of {host} is not trusted: certificate has expired"
    CERTIFICATE_SELF_SIGNED = "the certificate of {host} is not trusted: self-signed certificate"
    CERTIFICATE_NO_ISSUER = (
        "the certificate of {host} is not trusted: unable to get local issuer certificate"
    )
    CERTIFICATE_OTHER_NAME = (
        "the certificate of {host} is not trusted: "
        "Hostname mismatch, certificate is not valid for '{host}'."
    )
    CERTIFICATE_UNTRUSTED = "the certificate of {host} is not trusted: {said}"
    CERTIFICATE_OTHER = "{host} shows another certificate than the pinned one: {found}"

    NO_TLS = "the server does not start TLS: {said}"
    TLS_DEMANDED = "the server does not offer TLS here, and the account demands it"
    NO_LOGIN = "the server offers no way to log in"
    LOGIN_IN_CLEAR = (
        "the server offers only {offered}, which would show the password on an open line"
    )
    LOGIN_UNFIT = "the server offers only {offered}, and none of these can be used with {have}"
    STEPPED_DOWN = (
        "the server used to offer {before} and now offers {now}; someone in between may have "
        "removed the offer, so nothing was sent"
    )
    NO_SAFE_LOGIN = "the server offers no login that keeps the password from the line"
    NO_PASSWORD = "the server wants a password, and there is none"  # noqa: S105  # a sentence

    NO_SMTP = "{address} has no SMTP server to send by"
    NO_POP3 = "{address} has no POP3 server"
    PASSWORD_LOST = "the password of {address} is not in the keychain"  # noqa: S105  # a sentence
    SIGN_IN_LOST = "there is no sign-in of this account: 'hongyan account sign-in'"
    SIGN_IN_UNANSWERED = "the provider did not answer in time"
    OCTETS_DAMAGED = "the stored octets of {sha256} are damaged"
    CANCELLED = "the operation was cancelled"
    ENDING = "the program is about to end"
    ENDED_HERE = "the person ended it"
    OTHERS_BUSY = "{holder} is at it; try again later"

    COPY_FOUND = "a copy is in {mailboxes}"
    REPORT_CAME = "a report about it has come back"
    PERSON_SAYS = "the person says that it was sent"
    SENT_ALREADY = "{item} has been sent already"
    NOT_UNCERTAIN = "{item} is not uncertain"
    BEING_SENT = "{item} is being sent right now"
    NOT_NOW = "{item} is {state} by now"

    def of(self, **about: object) -> str:
        """Return the sentence with what it is about."""
        return self.value.format(**about)

    @staticmethod
    def read(sentence: str) -> dict[str, str]:
        """Return the code of a sentence as ``why``, and what it is about; nothing for another's."""
        for reason in Reason:
            if found := _pattern(reason).fullmatch(sentence):
                return {"why": reason.name, **found.groupdict()}
        return {}


@cache
def _pattern(reason: Reason) -> re.Pattern[str]:
    """Return what recognises a sentence; a name that stands in it again means the same words."""
    seen: set[str] = set()

    def group(found: re.Match[str]) -> str:
        name = found[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        words = ".*" if name in _WORDS else r"\S+"
        return f"(?P<{name}>{words})"

    return re.compile(_NAME.sub(group, re.escape(reason.value)), re.DOTALL)
