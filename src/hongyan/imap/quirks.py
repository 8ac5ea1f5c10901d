"""Known defects of IMAP servers: one table, each row with how it shows and what is done about it.

A `Quirk` is recognised by what a server says of itself before the login: its greeting, its
capabilities, and the host asked for. What a row asks of the engine are `Manners`; a row without
any is met by reading or writing in a way that suits every server, and its transcript proves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hongyan.imap.types import Capabilities


@dataclass(frozen=True, slots=True)
class Manners:
    """How a server must be spoken to.

    ``initial_response``: whether AUTHENTICATE may carry one. ``identify``: whether ID is sent even
    where it is not offered. ``at_once``: how many commands may be in flight. ``stable_uids``:
    whether a UID is always the same message. ``exact``: whether APPEND keeps every octet.
    ``removal_archives``: whether a message removed from a mailbox lives on in another.
    """

    initial_response: bool = True
    identify: bool = False
    at_once: int = 16
    stable_uids: bool = True
    exact: bool = True
    removal_archives: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """What is known of a server before the login: ``greeting`` are its words, without a code."""

    host: str = ""
    greeting: str = ""
    capabilities: Capabilities | None = None


@dataclass(frozen=True, slots=True)
class Quirk:
    """One defect: of which servers, how it shows, what is done, where it was reported.

    ``transcript`` is the dialogue of the tests that shows it; ``manners`` what the row changes.
    """

    name: str
    servers: str
    defect: str
    workaround: str
    source: str
    transcript: str
    probe: Callable[[Server], bool]
    manners: Mapping[str, Any]


def found(server: Server) -> tuple[Quirk, ...]:
    """Return the rows that hold for a server."""
    return tuple(each for each in QUIRKS if each.probe(server))


def manners(server: Server) -> Manners:
    """Return how a server must be spoken to."""
    merged = Manners()
    for each in found(server):
        merged = replace(merged, **each.manners)
    return merged


def _within(*domains: str) -> Callable[[Server], bool]:
    return lambda server: any(f".{server.host.lower()}".endswith(f".{each}") for each in domains)


def _greets(*words: str) -> Callable[[Server], bool]:
    return lambda server: any(each.lower() in server.greeting.lower() for each in words)


def _either(*probes: Callable[[Server], bool]) -> Callable[[Server], bool]:
    return lambda server: any(probe(server) for probe in probes)


_NETEASE: Final = _either(
    _within("163.com", "126.com", "126.net", "yeah.net", "188.com", "netease.com"),
    _greets("Coremail"),
)
_QQ: Final = _either(_within("qq.com", "exmail.qq.com", "foxmail.com"), _greets("QQMail"))
_EXCHANGE: Final = _greets("Microsoft Exchange")
_ICLOUD: Final = _within("mail.me.com", "icloud.com")
_GMAIL: Final = _either(_within("gmail.com", "googlemail.com"), _greets("Gimap"))
_YANDEX: Final = _either(_within("yandex.ru", "yandex.com"), _greets("Yandex"))
_MAIL_RU: Final = _within("mail.ru")
_COURIER: Final = _greets("Courier-IMAP")
_BRIDGE: Final = _greets("Proton Mail Bridge", "ProtonMail Bridge", "gluon")
_DOVECOT: Final = _greets("Dovecot")
_GITHUB: Final = "https://github.com"

QUIRKS: Final = (
    Quirk(
        "netease-id",
        "163.com, 126.com, yeah.net",
        'SELECT is answered "NO SELECT Unsafe Login" until the client has said who it is',
        "ID is sent right after the login, before anything else, offered or not",
        f"{_GITHUB}/OfflineIMAP/offlineimap3/issues/71",
        "netease",
        _NETEASE,
        {"identify": True},
    ),
    Quirk(
        "netease-sasl-ir",
        "163.com, 126.com, yeah.net",
        "SASL-IR is offered, and an initial response answered BAD",
        "the initial response waits for the invitation; elsewhere a BAD is asked again without",
        f"{_GITHUB}/pimalaya/himalaya/issues/729",
        "netease",
        _NETEASE,
        {"initial_response": False},
    ),
    Quirk(
        "netease-no-uidnext",
        "163.com",
        "neither SELECT nor STATUS tells UIDNEXT",
        "it is None, and UIDs are compared instead",
        f"{_GITHUB}/modern-email/defects/issues/15",
        "netease",
        _NETEASE,
        {},
    ),
    Quirk(
        "netease-quotes",
        "163.com",
        "quotes in a Content-Description are not escaped in BODYSTRUCTURE",
        "a string ends with the quote after which something else may begin",
        f"{_GITHUB}/emersion/go-imap/issues/659",
        "netease",
        _NETEASE,
        {},
    ),
    Quirk(
        "qq-backslash",
        "qq.com",
        "a backslash at the end of an address in ENVELOPE is not escaped, and eats the quote",
        "a string that makes no sense is read again without escapes",
        f"{_GITHUB}/MailCore/mailcore2/issues/1220",
        "qq",
        _QQ,
        {},
    ),
    Quirk(
        "qq-nine-fields",
        "qq.com",
        "ENVELOPE has nine fields when there is no Bcc",
        "the missing one is found by what the others are; the last is the Message-ID",
        f"{_GITHUB}/MailCore/mailcore2/issues/1029",
        "qq",
        _QQ,
        {},
    ),
    Quirk(
        "qq-folded",
        "qq.com",
        "BODYSTRUCTURE holds a folded Content-Type as it stands: line break, quotes and all",
        "a line that breaks off in a string goes on in the indented next one",
        f"{_GITHUB}/MailCore/mailcore2/issues/1473",
        "qq",
        _QQ,
        {},
    ),
    Quirk(
        "exchange-not-connected",
        "Exchange, Outlook.com",
        'after the login everything is answered "BAD User is authenticated but not connected"',
        "that is a temporary refusal, and says nothing against the password",
        f"{_GITHUB}/mscdex/node-imap/issues/523",
        "exchange_not_connected",
        _EXCHANGE,
        {},
    ),
    Quirk(
        "exchange-disposition",
        "Exchange",
        "a disposition in BODYSTRUCTURE is a string and not a list",
        "it is read as a disposition without parameters",
        f"{_GITHUB}/jstedfast/MailKit/issues/919",
        "exchange",
        _EXCHANGE,
        {},
    ),
    Quirk(
        "outlook-flight",
        "Outlook.com",
        "fifty or so STATUS commands in flight break its parser, which then answers BAD",
        "eight commands are in flight at most",
        f"{_GITHUB}/GNOME/geary/blob/main/src/engine/imap/api/imap-quirks.vala",
        "exchange_flight",
        _EXCHANGE,
        {"at_once": 8},
    ),
    Quirk(
        "icloud-rfc822",
        "iCloud",
        "FETCH RFC822 is answered OK and brings no message",
        "messages are always asked for as BODY.PEEK[]",
        f"{_GITHUB}/modern-email/defects/issues/36",
        "icloud",
        _ICLOUD,
        {},
    ),
    Quirk(
        "gmail-labels",
        "Gmail",
        "mailboxes are labels: what is removed from one lives on in All Mail",
        "only a move to the trash deletes",
        "https://developers.google.com/workspace/gmail/imap/imap-extensions",
        "gmail",
        _GMAIL,
        {"removal_archives": True},
    ),
    Quirk(
        "gmail-flags",
        "Gmail",
        "keywords with a closing bracket are not quoted",
        "an atom in data may hold one",
        f"{_GITHUB}/GNOME/geary/blob/main/src/engine/imap/api/imap-quirks.vala",
        "gmail",
        _GMAIL,
        {},
    ),
    Quirk(
        "yandex-empty-part",
        "Yandex",
        "FETCH of an empty part gives its name and nothing after it",
        "a section without a value at the end of a response is NIL",
        f"{_GITHUB}/jstedfast/MailKit/issues/1708",
        "yandex",
        _YANDEX,
        {},
    ),
    Quirk(
        "mail-ru-sizes",
        "mail.ru",
        "sizes in BODYSTRUCTURE are rounded, such as 9.3736e+06",
        "they are read as such",
        f"{_GITHUB}/jstedfast/MailKit/issues/1838",
        "mail_ru",
        _MAIL_RU,
        {},
    ),
    Quirk(
        "courier-no-uidnext",
        "Courier",
        "SELECT does not tell UIDNEXT; only STATUS does",
        "it is None, and UIDs are compared instead",
        "tests/live/test_imap_servers.py",
        "courier",
        _COURIER,
        {},
    ),
    Quirk(
        "courier-prefix",
        "Courier",
        "all mailboxes live below INBOX., and CREATE of others is refused",
        "names are made with the prefix that NAMESPACE tells",
        "tests/live/test_imap_servers.py",
        "courier",
        _COURIER,
        {},
    ),
    Quirk(
        "bridge-uids",
        "Proton Mail Bridge",
        "a UID can become another message's without a new UIDVALIDITY",
        "nothing is deleted because a UID is missing or has changed",
        f"{_GITHUB}/ProtonMail/proton-bridge/issues/220",
        "proton_bridge",
        _BRIDGE,
        {"stable_uids": False},
    ),
    Quirk(
        "bridge-flags",
        "Proton Mail Bridge",
        "flags come twice, in capitals too",
        "the system's flags have one spelling, and each is there once",
        f"{_GITHUB}/ProtonMail/proton-bridge/issues/220",
        "proton_bridge",
        _BRIDGE,
        {},
    ),
    Quirk(
        "bridge-rewrites",
        "Proton Mail Bridge",
        "an appended message comes back with other encodings and header fields",
        "what was appended is not known again by its octets",
        f"{_GITHUB}/ProtonMail/proton-bridge/issues/27",
        "proton_bridge",
        _BRIDGE,
        {"exact": False},
    ),
    Quirk(
        "dovecot-notify",
        "Dovecot 2.3",
        "with NOTIFY the news of the open mailbox come only while the client idles",
        "waiting is always IDLE, with NOTIFY or without",
        "tests/live/test_imap_extensions.py",
        "idle",
        _DOVECOT,
        {},
    ),
)  # fmt: skip
