"""Every method: its name, the capability that it belongs to, and the function that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.jmap import email, email_query, email_set, submission
from hongyan.jmap.identity import IDENTITY
from hongyan.jmap.limits import CORE, MAIL, SUBMISSION
from hongyan.jmap.mailbox import MAILBOX
from hongyan.jmap.standard import changed, changes_json
from hongyan.jmap.thread import THREAD
from hongyan.store import Kind

if TYPE_CHECKING:
    from hongyan.jmap.call import Call, Method
    from hongyan.jmap.errors import Json


def echo(call: Call) -> Json:
    """Answer Core/echo (RFC 8620 §4): the same arguments."""
    return call.rest()


def _email_changes(call: Call) -> Json:
    return call.answer(**changes_json(changed(call, Kind.EMAIL)))


METHODS: Final[dict[str, tuple[str, Method]]] = {
    "Core/echo": (CORE, echo),
    "Mailbox/get": (MAIL, MAILBOX.get),
    "Mailbox/changes": (MAIL, MAILBOX.changes),
    "Thread/get": (MAIL, THREAD.get),
    "Thread/changes": (MAIL, THREAD.changes),
    "Email/get": (MAIL, email.get),
    "Email/changes": (MAIL, _email_changes),
    "Email/query": (MAIL, email_query.query),
    "Email/set": (MAIL, email_set.set_),
    "Identity/get": (SUBMISSION, IDENTITY.get),
    "EmailSubmission/set": (SUBMISSION, submission.set_),
}
