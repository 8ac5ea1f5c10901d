"""The Session object (RFC 8620 §2): what this server is and can, where its doors are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hongyan.jmap.email_query import SORTS
from hongyan.jmap.limits import CORE, MAIL, OWN, SUBMISSION
from hongyan.jmap.own import METHODS as OWN_METHODS

if TYPE_CHECKING:
    from hongyan.jmap.call import Jmap
    from hongyan.jmap.errors import Json
    from hongyan.store import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The URLs of a server, templates where RFC 8620 §2 has templates."""

    api: str
    download: str
    upload: str
    events: str


def session(server: Jmap, doors: Doors) -> Json:
    """Return the Session object."""
    accounts = server.store.accounts.list()
    known = {
        "capabilities": {CORE: server.limits.core(), MAIL: {}, SUBMISSION: {}, OWN: own(server)},
        "accounts": {account.id: _account(server, account) for account in accounts},
        "primaryAccounts": (
            dict.fromkeys((CORE, MAIL, SUBMISSION, OWN), accounts[0].id) if accounts else {}
        ),
        "username": accounts[0].address if accounts else "",
    }
    return {
        **known,
        "apiUrl": doors.api,
        "downloadUrl": doors.download,
        "uploadUrl": doors.upload,
        "eventSourceUrl": doors.events,
        "state": session_state(server),
    }


def session_state(server: Jmap) -> str:
    """Return the state of the Session object: the accounts are what changes in it."""
    accounts = [(each.id, each.address) for each in server.store.accounts.list()]
    return hashlib.sha256(json.dumps(accounts).encode()).hexdigest()[:12]


def own(server: Jmap) -> Json:
    """Return the properties of our own capability: what of it this server answers."""
    return {
        "methods": sorted({*OWN_METHODS, *server.own}),
        "events": sorted({*server.events, "link"}),
    }


def _account(server: Jmap, account: Account) -> Json:
    limits = server.limits
    return {
        "name": account.address,
        "isPersonal": True,
        "isReadOnly": False,
        "accountCapabilities": {
            CORE: {},
            MAIL: {
                "maxMailboxesPerEmail": None,
                "maxMailboxDepth": limits.max_mailbox_depth,
                "maxSizeMailboxName": limits.max_size_mailbox_name,
                "maxSizeAttachmentsPerEmail": limits.max_size_attachments,
                "emailQuerySortOptions": list(SORTS),
                "mayCreateTopLevelMailbox": True,
            },
            SUBMISSION: {
                "maxDelayedSend": limits.max_delayed_send,
                "submissionExtensions": {"FUTURERELEASE": []},
            },
            OWN: {},
        },
    }
