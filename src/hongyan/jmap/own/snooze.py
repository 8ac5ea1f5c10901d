"""Snooze/get and Snooze/set: messages that leave the inbox and come back at their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import NotFound
from hongyan.jmap.arguments import array, id_, mapping, optional, utc_date
from hongyan.jmap.errors import NotSet
from hongyan.mime.jmap import date_text

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json

_times = mapping(id_, optional(utc_date))


def get(call: Call) -> Json:
    """Answer Snooze/get: when messages come back, those left out that are not snoozed."""
    account = call.account
    wanted = call.take("emailIds", array(id_))
    call.end()
    ours = [each.id for each in call.store.messages.list(wanted) if each.account_id == account.id]
    until = call.store.snoozes.until(ours)
    return call.answer(until={each: date_text(when) for each, when in until.items()})


def set_(call: Call) -> Json:
    """Answer Snooze/set: each message stands or falls by itself."""
    account = call.account
    wanted = call.take("set", _times)
    call.end()
    updated: Json = {}
    failed: Json = {}
    for email_id, until in wanted.items():
        try:
            _snooze(call, email_id, until)
        except NotSet as refused:
            failed[email_id] = refused.error.json()
        else:
            updated[email_id] = date_text(until)
    if updated:
        call.server.wake(account.id)  # whoever sleeps until the next time has to know the new one
    return call.answer(updated=updated or None, notUpdated=failed or None)


def _snooze(call: Call, email_id: str, until: datetime | None) -> None:
    if until is not None and until <= call.server.clock():
        raise NotSet("invalidProperties", "that time has passed", "until")
    snoozes = call.store.snoozes
    with call.store.transaction():
        try:
            if call.store.messages.get(email_id).account_id != call.account.id:
                raise NotFound(f"there is no message {email_id} in this account")
            if until is None:
                snoozes.take_back(email_id)
            else:
                snoozes.snooze(email_id, until)
        except NotFound as why:
            raise NotSet("notFound", str(why)) from None
