"""A first look at a server: open a session as its address demands, do not log in, leave again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan import imap, pop3, smtp
from hongyan.client.session import open_imap, open_pop3, open_smtp

if TYPE_CHECKING:
    from hongyan.net.blocking import BlockingDriver


@dataclass(frozen=True, slots=True)
class Greeted:
    """What the server offers before a login."""

    names: frozenset[str]
    mechanisms: tuple[str, ...]


def greet(driver: BlockingDriver, *, within: float) -> Greeted:
    """Return what a server offers, in as many seconds for each step.

    Raises `NetworkError`, `ProtocolError`, `Refused`, `Unsafe`.
    """
    return _GREETINGS[driver.channel.endpoint.protocol](driver, within)


def _greet_imap(driver: BlockingDriver, within: float) -> Greeted:
    conn = driver.run(open_imap(driver.channel, None), total=within)
    driver.run(imap.logout(conn), total=within)
    return Greeted(conn.capabilities.names, conn.capabilities.mechanisms)


def _greet_pop3(driver: BlockingDriver, within: float) -> Greeted:
    conn = driver.run(open_pop3(driver.channel, None), total=within)
    driver.run(pop3.quit_(conn), total=within)
    return Greeted(frozenset(conn.capabilities.names), conn.capabilities.mechanisms)


def _greet_smtp(driver: BlockingDriver, within: float) -> Greeted:
    conn = driver.run(open_smtp(driver.channel, None), total=within)
    driver.run(smtp.quit_(conn), total=within)
    return Greeted(frozenset(conn.extensions.names), conn.extensions.mechanisms)


_GREETINGS: Final = {"imap": _greet_imap, "pop3": _greet_pop3, "smtp": _greet_smtp}
