"""Trust/get: what speaks for and against the sender of a message, each with where it stands.

Nothing here says that a message is genuine. Authentication-Results (RFC 8601) counts only where the
account's own server wrote it: anybody else can write one too (§7.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hongyan import mime
from hongyan.errors import NotFound
from hongyan.jmap import blob
from hongyan.jmap.arguments import id_or_reference
from hongyan.jmap.errors import MethodError
from hongyan.mime import authentication
from hongyan.mime.html import lying_links
from hongyan.mime.identity import Mark, marks
from hongyan.mime.recipients import domain_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.mime import Message
    from hongyan.store import Account, Email, Store

_ORDER: Final = ("danger", "caution", "good", "plain")  # the first that is found is the verdict
_DANGER: Final = frozenset({Mark.NAME_LIKE_ADDRESS, Mark.SEVERAL_FIELDS, Mark.MIXED_SCRIPTS})
_TLS: Final = re.compile(
    rb"\bwith\s+(?:UTF8)?E?(?:SMTP|LMTP)SA?\b|\bTLS|\bversion=TLS", re.IGNORECASE
)
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"})
_SHOWN: Final = 600


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line: ``kind`` is what the page translates, ``words`` what it says otherwise."""

    kind: str
    verdict: str
    words: str
    detail: str | None = None
    header: str | None = None

    def json(self) -> Json:
        """Return it as the page has it."""
        return {
            name: getattr(self, name) for name in ("kind", "verdict", "words", "detail", "header")
        }


def get(call: Call) -> Json:
    """Answer Trust/get."""
    account = call.account
    email_id = call.resolve(call.take("emailId", id_or_reference))
    call.end()
    try:
        row = call.store.messages.get(email_id)
    except NotFound as why:
        raise MethodError("notFound", str(why)) from None
    if row.account_id != account.id:
        raise MethodError("notFound", "there is no such message in this account")
    message = mime.parse(blob.of_message(call.server, row))
    found = [*_sender(message), *_links(message), *_known(call.store, row), *_way(message, account)]
    verdict = next(each for each in _ORDER if each in {line.verdict for line in found} | {"plain"})
    return {"verdict": verdict, "evidence": [each.json() for each in found]}


def _sender(message: Message) -> Iterator[Evidence]:
    header = _field(message, "From")
    for one in message.from_[:3]:
        yield Evidence("address", "plain", f"The address is {one.email}", one.email, header)
    for mark in marks(message):
        if mark is not Mark.LYING_LINKS:
            verdict = "danger" if mark in _DANGER else "caution"
            yield Evidence(mark.name.lower(), verdict, mark.value, None, header)


def _links(message: Message) -> Iterator[Evidence]:
    for lie in lying_links(message.html or "")[:5]:
        words = f"A link that says {lie.shown} leads to {lie.target}"
        yield Evidence("lyingLink", "danger", words, f"{lie.shown} → {lie.target}")


def _known(store: Store, row: Email) -> Iterator[Evidence]:
    sender = row.from_[0].email if row.from_ else ""
    if not sender or '"' in sender:
        return
    if store.search.find(f'to:"{sender}" in:sent', limit=1):
        yield Evidence("written", "good", "You have written to this address", sender)
    earlier = store.search.find(f'from:"{sender}"', limit=2)
    if all(hit.id == row.id for hit in earlier):
        yield Evidence("first", "plain", "This is the first message from this address", sender)
    else:
        yield Evidence("known", "plain", "There are other messages from this address", sender)


def _way(message: Message, account: Account) -> Iterator[Evidence]:
    received = message.header("Received")
    if received is not None:
        header = f"Received: {_shown(received)}"
        if _TLS.search(received):
            yield Evidence("lastHopTls", "plain", "The last hop was encrypted", None, header)
        else:
            yield Evidence("lastHopClear", "plain", "The last hop was not encrypted", None, header)
    yield from _authenticated(message, account)


def _authenticated(message: Message, account: Account) -> Iterator[Evidence]:
    value = message.header("Authentication-Results") or b""
    told = authentication.read(value)
    ours = any(_same_site(told.server, host) for host in _hosts(account))
    if not told.server or not ours or len(message.from_) != 1:
        return
    confirmed = authentication.confirms(told.results, domain_of(message.from_[0].email))
    header = f"Authentication-Results: {_shown(value)}"
    detail = ", ".join(f"{each.method}={each.value}" for each in told.results)
    if confirmed is False:
        yield Evidence(
            "authenticationFailed",
            "danger",
            "Your server could not confirm the sender",
            detail,
            header,
        )
    elif confirmed:
        yield Evidence(
            "authenticated", "good", "Your server has confirmed the sender's domain", detail, header
        )


def _hosts(account: Account) -> list[str]:
    urls = (account.imap_url, account.pop3_url)
    return [urlsplit(url).hostname or "" for url in urls if url]


def _same_site(one: str, other: str) -> bool:
    return one == other or _site(one) == _site(other)


def _site(host: str) -> list[str]:
    """Return the labels that somebody registered, such as those of ``example.co.uk``."""
    labels = host.split(".")
    below_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return labels[-3:] if below_country else labels[-2:]


def _field(message: Message, name: str) -> str | None:
    value = message.header(name)
    return None if value is None else f"{name}: {_shown(value)}"


def _shown(value: bytes) -> str:
    return " ".join(value.decode("utf-8", "replace").split())[:_SHOWN]
