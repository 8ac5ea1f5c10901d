"""The SMTP and LMTP engine and its operations (RFC 5321, 6409, 2033, 3207, 4954, 2920, 3030)."""

from hongyan.smtp.connection import TRANSITIONS, Connection
from hongyan.smtp.content import BLOCK
from hongyan.smtp.envelope import (
    Delivery,
    Envelope,
    Notify,
    Outcome,
    Receipt,
    RecipientOptions,
    Ret,
    Submission,
)
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
)
from hongyan.smtp.line import Window
from hongyan.smtp.submission import submit, submit_many
from hongyan.smtp.types import (
    Extensions,
    FutureRelease,
    Limits,
    Protocol,
    Reply,
    State,
    Verb,
)

__all__ = [
    "BLOCK",
    "TRANSITIONS",
    "Connection",
    "Delivery",
    "Envelope",
    "Extensions",
    "FutureRelease",
    "Limits",
    "Notify",
    "Outcome",
    "Protocol",
    "Receipt",
    "RecipientOptions",
    "Reply",
    "Ret",
    "State",
    "Submission",
    "Verb",
    "Window",
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
    "submit_many",
]
