"""The SMTP engine and its operations (RFC 5321, 6409, 3207, 4954, 2920)."""

from hongyan.smtp.connection import TRANSITIONS, Connection
from hongyan.smtp.flows import (
    authenticate,
    greet,
    hello,
    login,
    noop,
    open_session,
    quit_,
    reset,
    starttls,
    submit,
)
from hongyan.smtp.types import (
    Delivery,
    Envelope,
    Extensions,
    Outcome,
    Receipt,
    Reply,
    State,
    Verb,
)

__all__ = [
    "TRANSITIONS",
    "Connection",
    "Delivery",
    "Envelope",
    "Extensions",
    "Outcome",
    "Receipt",
    "Reply",
    "State",
    "Verb",
    "authenticate",
    "greet",
    "hello",
    "login",
    "noop",
    "open_session",
    "quit_",
    "reset",
    "starttls",
    "submit",
]
