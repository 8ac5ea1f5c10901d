"""From facts to findings: one small rule for each thing that people stumble over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hongyan.doctor.types import Finding, Level
from hongyan.errors import AuthenticationRefused, ConnectFailed, TLSFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hongyan.doctor.types import Facts

    Rule = Callable[[Facts, datetime], Iterator[Finding]]

_SOON: Final = timedelta(days=14)
_CLOCKS_APART: Final = timedelta(minutes=5)
_FAR: Final = 0.3
_STRONG: Final = ("SCRAM-", "OAUTHBEARER", "XOAUTH2", "EXTERNAL", "GSSAPI")
_WANTED: Final = {
    "pop3": {
        "PIPELINING": "each message costs a round trip",
        "UIDL": "messages are told apart by their headers, which is slower and less certain",
    },
    "smtp": {
        "PIPELINING": "each recipient costs a round trip",
        "SIZE": "a message that is too large is refused only after it was sent",
        "8BITMIME": "some messages have to be encoded again",
    },
    "imap": {
        "IDLE": "new mail is noticed only when Hongyan asks",
        "UIDPLUS": "moved messages have to be looked for",
        "CONDSTORE": "every sync compares all flags",
    },
}


def judge(facts: Facts, now: datetime) -> tuple[Finding, ...]:
    """Return what the facts mean at the time ``now``, in the order in which one would look."""
    return tuple(finding for rule in _RULES for finding in rule(facts, now))


def _reachable(facts: Facts, _: datetime) -> Iterator[Finding]:
    if not facts.addresses:
        yield Finding(
            Level.PROBLEM,
            f"{facts.host} has no address in DNS",
            "Check the server's name, and whether this computer is on line.",
        )
    elif isinstance(facts.error, ConnectFailed):
        yield Finding(
            Level.PROBLEM,
            str(facts.error),
            "A firewall may be in between, or the port may be another.",
        )
    else:
        yield Finding(Level.GOOD, f"{facts.host} is at {', '.join(facts.addresses)}")


def _protected(facts: Facts, _: datetime) -> Iterator[Finding]:
    if not facts.secure:
        yield Finding(
            Level.WARNING,
            "the address asks for a connection in clear text",
            "Leave ?tls=none out: what is sent can be read on the way, the password too.",
        )
    elif facts.tls:
        yield Finding(Level.GOOD, facts.tls)
    if isinstance(facts.error, TLSFailed) and facts.certificate is None:
        yield Finding(Level.PROBLEM, str(facts.error), "Is this the right port for TLS?")


def _certified(facts: Facts, now: datetime) -> Iterator[Finding]:
    found = facts.certificate
    if found is None:
        return
    names = ", ".join(found.names[:5]) or "no name at all"
    if found.ends < now:
        yield Finding(
            Level.PROBLEM,
            f"the certificate ended on {found.ends:%Y-%m-%d}",
            "The server's owner has to renew it; check this computer's date, too.",
        )
    elif found.begins > now:
        yield Finding(
            Level.PROBLEM,
            f"the certificate begins only on {found.begins:%Y-%m-%d}",
            "This computer's date is probably wrong.",
        )
    elif not facts.trusted:
        issuer = "itself" if found.self_signed else found.issuer
        yield Finding(
            Level.PROBLEM,
            f"the certificate is not trusted: it is for {names}, issued by {issuer}",
            f"For a server of your own, append ?pin={found.fingerprint} to its address.",
        )
    elif found.ends < now + _SOON:
        yield Finding(
            Level.WARNING,
            f"the certificate ends on {found.ends:%Y-%m-%d}",
            "The server's owner should renew it.",
        )
    else:
        yield Finding(Level.GOOD, f"certificate for {names}, good until {found.ends:%Y-%m-%d}")


def _issued(facts: Facts, now: datetime) -> Iterator[Finding]:
    for found in facts.issuers:
        if found.ends < now:
            yield Finding(
                Level.PROBLEM,
                f"the certificate of {found.subject}, above the server's, ended on "
                f"{found.ends:%Y-%m-%d}",
                "The server's owner has to send the one that came after it.",
            )
        else:
            words = f"issued by {found.subject}, good until {found.ends:%Y-%m-%d}"
            yield Finding(Level.GOOD, words)
    own = facts.certificate
    if own and not facts.trusted and not facts.issuers and not own.self_signed:
        yield Finding(
            Level.WARNING,
            f"the server sends no certificate of {own.issuer}, which issued its own",
            "Where an authority stands behind that, the server's owner has to send it, too.",
        )


def _served(facts: Facts, _: datetime) -> Iterator[Finding]:
    explained = isinstance(facts.error, ConnectFailed | TLSFailed)
    if facts.error is not None and facts.addresses and not explained:
        advice = f"'hongyan wire {facts.protocol}s://{facts.host}' shows what it says."
        yield Finding(Level.PROBLEM, str(facts.error), advice)


def _offered(facts: Facts, _: datetime) -> Iterator[Finding]:
    if not facts.names:
        return
    told = facts.protocol != "imap" or facts.logged_in  # which may tell the rest after the login
    for name, cost in (_WANTED.get(facts.protocol, {}) if told else {}).items():
        if name not in facts.names:
            yield Finding(Level.NOTE, f"no {name}: {cost}")
    if not facts.mechanisms:
        yield Finding(Level.NOTE, "no SASL mechanism is offered")
    elif not any(each.startswith(_STRONG) for each in facts.mechanisms):
        yield Finding(
            Level.NOTE,
            f"logins by {', '.join(facts.mechanisms)} show the server the password or a weak hash",
        )
    else:
        yield Finding(Level.GOOD, f"logins by {', '.join(facts.mechanisms)}")


def _peculiar(facts: Facts, _: datetime) -> Iterator[Finding]:
    for quirk in facts.quirks:
        yield Finding(
            Level.NOTE, f"known of such servers: {quirk}", "Hongyan knows how to live with it."
        )


def _timed(facts: Facts, _: datetime) -> Iterator[Finding]:
    if facts.round_trip is not None:
        far = facts.round_trip > _FAR
        words = (
            f"a round trip takes {facts.round_trip * 1000:.0f} ms, {facts.round_trips} were made"
        )
        yield Finding(Level.NOTE if far else Level.GOOD, words)
    if facts.clock is not None and abs(facts.clock) > _CLOCKS_APART:
        ahead = "ahead of" if facts.clock > timedelta(0) else "behind"
        minutes = abs(facts.clock) // timedelta(minutes=1)
        yield Finding(
            Level.WARNING,
            f"the server's clock is {minutes} minutes {ahead} this computer's",
            "Certificates and sign-ins depend on the right time: check this computer's.",
        )


def _entered(facts: Facts, _: datetime) -> Iterator[Finding]:
    if facts.logged_in:
        yield Finding(Level.GOOD, "the login works")
    elif isinstance(facts.login_error, AuthenticationRefused):
        yield Finding(
            Level.PROBLEM,
            str(facts.login_error),
            "Check the password; many providers want an app password or a sign-in.",
        )
    elif facts.login_error is not None:
        yield Finding(Level.PROBLEM, str(facts.login_error))


_RULES: Final[tuple[Rule, ...]] = (
    _reachable,
    _protected,
    _certified,
    _issued,
    _served,
    _offered,
    _peculiar,
    _timed,
    _entered,
)
