"""The POP3 engine and its operations (RFC 1939, 2449, 2595, 3206, 5034, 6856)."""

from hongyan.pop3.connection import TRANSITIONS, Connection
from hongyan.pop3.flows.login import apop, authenticate, login, user_pass
from hongyan.pop3.flows.mailbox import headers, list_entries, stat, top
from hongyan.pop3.flows.removal import Removal, delete, quit_, remove, reset
from hongyan.pop3.flows.session import (
    capa,
    check,
    greet,
    keep_alive,
    languages,
    noop,
    open_session,
    set_language,
    stls,
    utf8,
)
from hongyan.pop3.flows.window import Failure, Sink, retrieve
from hongyan.pop3.types import (
    Capabilities,
    Entry,
    Expire,
    Farewell,
    Language,
    Limits,
    Reply,
    Stat,
    State,
    Verb,
    Window,
)

__all__ = [
    "TRANSITIONS",
    "Capabilities",
    "Connection",
    "Entry",
    "Expire",
    "Failure",
    "Farewell",
    "Language",
    "Limits",
    "Removal",
    "Reply",
    "Sink",
    "Stat",
    "State",
    "Verb",
    "Window",
    "apop",
    "authenticate",
    "capa",
    "check",
    "delete",
    "greet",
    "headers",
    "keep_alive",
    "languages",
    "list_entries",
    "login",
    "noop",
    "open_session",
    "quit_",
    "remove",
    "reset",
    "retrieve",
    "set_language",
    "stat",
    "stls",
    "top",
    "user_pass",
    "utf8",
]
