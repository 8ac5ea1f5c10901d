"""The IMAP engine and its operations (RFC 9051, 3501; extensions in docs/standards/imap.md)."""

from hongyan.imap.connection import Connection, News, unpredictable_tag
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
    Quota,
    QuotaRoots,
    Recent,
    Sorted,
    Structure,
    Threads,
    Unknown,
    Vanished,
)
from hongyan.imap.encoder import Argument, Raw, flag
from hongyan.imap.flows.append import (
    Letter,
    append_message,
    append_messages,
    append_request,
    replace,
)
from hongyan.imap.flows.authenticate import authenticate
from hongyan.imap.flows.compress import compress
from hongyan.imap.flows.copy import copy, move, transfer_request
from hongyan.imap.flows.exchange import Request, ask, ask_each
from hongyan.imap.flows.expunge import expunge, require_uid_expunge, uid_expunge
from hongyan.imap.flows.fetch import (
    LAZY_PREVIEW,
    Failure,
    Item,
    Peek,
    Sink,
    Take,
    Window,
    fetch,
    fetch_request,
)
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
from hongyan.imap.flows.notify import notify, notify_nothing
from hongyan.imap.flows.quota import quota
from hongyan.imap.flows.search import search, search_request
from hongyan.imap.flows.select import Known, Selected, close, select, select_request, unselect
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
from hongyan.imap.flows.sort import sort, thread
from hongyan.imap.flows.status import status, status_request
from hongyan.imap.flows.store import Change, store, store_labels, store_request
from hongyan.imap.framing import Limits
from hongyan.imap.quirks import QUIRKS, Manners, Quirk
from hongyan.imap.sets import SAVED, NumberSet, Saved, Uids
from hongyan.imap.states import ALONE, ONE_AT_A_TIME, TRANSITIONS
from hongyan.imap.types import (
    AppendUid,
    Capabilities,
    Code,
    Condition,
    CopyUid,
    Mailbox,
    MessageLimit,
    Progress,
    State,
    Status,
    Tagged,
    Verb,
)

__all__ = [
    "ALONE", "LAZY_PREVIEW", "ONE_AT_A_TIME", "QUIRKS", "SAVED", "TRANSITIONS", "Address",
    "AppendUid", "Argument", "Body", "BodyChunk", "Capabilities", "Change", "Code", "Condition",
    "Connection", "CopyUid", "Disposition", "Envelope", "Exists", "Expunged", "Failure",
    "Fetched", "Flags", "Found", "Identity", "Item", "Known", "Letter", "Limits", "Listed",
    "Mailbox", "MailboxStatus", "Manners", "MessageLimit", "Namespace", "Namespaces", "News",
    "NumberSet", "Peek", "Progress", "Quirk", "Quota", "QuotaRoots", "Raw", "Recent", "Request",
    "Saved", "Selected", "Sink", "Sorted", "State", "Status", "Structure", "Tagged", "Take",
    "Threads", "Uids", "Unknown", "Vanished", "Verb", "Window", "append_message",
    "append_messages", "append_request", "ask", "ask_each", "authenticate", "capability",
    "close", "compress", "copy", "create", "delete", "enable", "expunge", "fetch",
    "fetch_request", "flag", "greet", "identify", "idle", "list_mailboxes", "login",
    "login_plainly", "logout", "move", "namespace", "noop", "notify", "notify_nothing",
    "open_session", "quota", "rename", "replace", "require_uid_expunge", "search",
    "search_request", "select", "select_request", "sort",
    "starttls", "status", "status_request", "store", "store_labels",
    "store_request", "subscribe", "thread", "transfer_request", "uid_expunge",
    "unpredictable_tag", "unselect", "unsubscribe",
]  # fmt: skip
