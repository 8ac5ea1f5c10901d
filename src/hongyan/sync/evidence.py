"""What became of mail afterwards: copies and reports that came back find their item.

A Message-ID or envelope id of ours is not to be guessed: whoever shows it has got the message. So a
copy that a server gave us, in Sent, in an inbox, or a report about it, proves that the submission
was accepted, and ends an item's uncertainty; unless somebody got it by an earlier attempt, whose
copy that may be. What a report claims beyond that is noted as a claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.mime import report as reports
from hongyan.reasons import Reason
from hongyan.store import Delivery, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.store import Email, Item, Store

_HEAD: Final = 65_536  # octets in which a report says that it is one
_DELIVERIES: Final = {
    reports.Outcome.FAILED: Delivery.FAILED,
    reports.Outcome.DELAYED: Delivery.DELAYED,
    reports.Outcome.DELIVERED: Delivery.DELIVERED,
    reports.Outcome.RELAYED: Delivery.RELAYED,
    reports.Outcome.EXPANDED: Delivery.EXPANDED,
}


def look_for_copies(store: Store, account_id: str) -> tuple[Item, ...]:
    """End the uncertainty of items of which a server has shown a copy; return them."""
    found: list[Item] = []
    for item in store.outbox.uncertain(account_id):
        copies = store.messages.from_servers(item.message_id) if item.message_id else ()
        others = [copy for copy in copies if copy != item.email_id]
        if others and item.sent_at is None:
            names = ", ".join(_mailbox_names(store, others[0]))
            found.append(store.outbox.believe_sent(item.id, Reason.COPY_FOUND.of(mailboxes=names)))
    return tuple(found)


def take_reports(store: Store, arrived: Iterable[str]) -> None:
    """Note what arrived messages report about mail of ours."""
    for message_id in arrived:
        take_report(store, store.messages.get(message_id))


def take_report(store: Store, email: Email) -> tuple[Item, ...]:
    """Note what an arrived message reports about mail of ours; return the items it is about."""
    octets = store.blobs.open(email.blob_id)
    if b"report" not in bytes(octets[:_HEAD]).lower():
        return ()
    found = reports.report(mime.parse(octets))
    if found is None:
        return ()
    about = store.outbox.reported_on(envid=found.envelope_id, message_id=found.original_id)
    for item in about:
        _take(store, item, found)
    return about


def _take(store: Store, item: Item, report: reports.Report) -> None:
    for result in report.results:
        address = _address(item, result.recipient)
        if result.outcome in _DELIVERIES:
            words = " ".join(filter(None, (result.status, result.words)))
            store.outbox.note_delivery(item.id, address, _DELIVERIES[result.outcome], words)
        elif result.outcome is reports.Outcome.DISPLAYED:
            store.outbox.note_displayed(item.id, address)
    reported = {_address(item, result.recipient).lower() for result in report.results}
    uncertain = {each.address.lower() for each in item.recipients if each.state is State.UNCERTAIN}
    if uncertain and (item.sent_at is None or uncertain & reported):
        store.outbox.believe_sent(item.id, Reason.REPORT_CAME.of())


def _address(item: Item, reported: str) -> str:
    """Return the recipient that a report means: the only one, where it names another address."""
    addresses = [each.address for each in item.recipients]
    if reported.lower() in (each.lower() for each in addresses):
        return reported
    return addresses[0] if len(addresses) == 1 else reported


def _mailbox_names(store: Store, message_id: str) -> list[str]:
    ids = store.messages.get(message_id).mailbox_ids
    return sorted(store.mailboxes.get(each).name for each in ids)
