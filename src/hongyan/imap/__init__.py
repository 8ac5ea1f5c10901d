"""The IMAP engine and its operations (RFC 9051, 3501; extensions in docs/standards/imap.md)."""

from hongyan.imap.connection import ALONE, ONE_AT_A_TIME, TRANSITIONS, Connection, unpredictable_tag
from hongyan.imap.data import (
    Address,
    Body,
    BodyChunk,
    Disposition,
    Envelope,
    Exists,
    Expunged,
    Fetched,
    Flags,
    Found,
    Identity,
    Listed,
    MailboxStatus,
    Namespace,
    Namespaces,
    Recent,
    Structure,
    Threads,
    Unknown,
    Vanished,
)
from hongyan.imap.flows.append import append_message
from hongyan.imap.flows.authenticate import authenticate
from hongyan.imap.flows.copy import copy, move
from hongyan.imap.flows.expunge import expunge, uid_expunge
from hongyan.imap.flows.fetch import Failure, Peek, Sink, Take, Window, fetch
from hongyan.imap.flows.idle import idle
from hongyan.imap.flows.list import list_mailboxes
from hongyan.imap.flows.login import login, login_plainly
from hongyan.imap.flows.mailboxes import (
    create,
    delete,
    namespace,
    rename,
    subscribe,
    unsubscribe,
)
from hongyan.imap.flows.search import search
from hongyan.imap.flows.select import Known, Selected, close, select, unselect
from hongyan.imap.flows.session import (
    capability,
    enable,
    greet,
    identify,
    logout,
    noop,
    open_session,
    starttls,
)
from hongyan.imap.flows.status import status
from hongyan.imap.flows.store import Change, store
from hongyan.imap.framing import Limits
from hongyan.imap.sets import NumberSet
from hongyan.imap.types import (
    AppendUid,
    Capabilities,
    Code,
    Condition,
    CopyUid,
    Mailbox,
    State,
    Status,
    Tagged,
    Verb,
)

__all__ = [
    "ALONE", "ONE_AT_A_TIME", "TRANSITIONS", "Address", "AppendUid", "Body", "BodyChunk",
    "Capabilities", "Change", "Code", "Condition", "Connection", "CopyUid", "Disposition",
    "Envelope", "Exists", "Expunged", "Failure", "Fetched", "Flags", "Found", "Identity",
    "Known", "Limits", "Listed", "Mailbox", "MailboxStatus", "Namespace", "Namespaces",
    "NumberSet", "Peek", "Recent", "Selected", "Sink", "State", "Status", "Structure",
    "Tagged", "Take", "Threads", "Unknown", "Vanished", "Verb", "Window", "append_message",
    "authenticate", "capability", "close", "copy", "create", "delete", "enable", "expunge",
    "fetch", "greet", "identify", "idle", "list_mailboxes", "login", "login_plainly", "logout",
    "move", "namespace", "noop", "open_session", "rename", "search", "select", "starttls",
    "status", "store", "subscribe", "uid_expunge", "unpredictable_tag", "unselect",
    "unsubscribe",
]  # fmt: skip
