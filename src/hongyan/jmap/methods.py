"""Every method: its name, the capability that it belongs to, and the function that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.jmap import (
    blob_copy,
    email,
    email_import,
    email_query,
    email_set,
    identity,
    mailbox,
    mailbox_query,
    snippet,
    submission,
    submission_set,
)
from hongyan.jmap.identity import IDENTITY
from hongyan.jmap.limits import CORE, MAIL, OWN, SUBMISSION
from hongyan.jmap.mailbox import MAILBOX
from hongyan.jmap.own import METHODS as OWN_METHODS
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
    "Blob/copy": (CORE, blob_copy.copy),
    "Mailbox/get": (MAIL, MAILBOX.get),
    "Mailbox/changes": (MAIL, mailbox.changes),
    "Mailbox/query": (MAIL, mailbox_query.query),
    "Mailbox/queryChanges": (MAIL, mailbox_query.query_changes),
    "Mailbox/set": (MAIL, mailbox.set_),
    "Thread/get": (MAIL, THREAD.get),
    "Thread/changes": (MAIL, THREAD.changes),
    "Email/get": (MAIL, email.get),
    "Email/changes": (MAIL, _email_changes),
    "Email/query": (MAIL, email_query.query),
    "Email/queryChanges": (MAIL, email_query.query_changes),
    "Email/set": (MAIL, email_set.set_),
    "Email/copy": (MAIL, email_import.copy),
    "Email/import": (MAIL, email_import.import_),
    "Email/parse": (MAIL, email_import.parse),
    "SearchSnippet/get": (MAIL, snippet.get),
    "Identity/get": (SUBMISSION, IDENTITY.get),
    "Identity/changes": (SUBMISSION, IDENTITY.changes),
    "Identity/set": (SUBMISSION, identity.set_),
    "EmailSubmission/get": (SUBMISSION, submission.SUBMISSION.get),
    "EmailSubmission/changes": (SUBMISSION, submission.SUBMISSION.changes),
    "EmailSubmission/query": (SUBMISSION, submission.query),
    "EmailSubmission/queryChanges": (SUBMISSION, submission.query_changes),
    "EmailSubmission/set": (SUBMISSION, submission_set.set_),
    **{name: (OWN, method) for name, method in OWN_METHODS.items()},
}
