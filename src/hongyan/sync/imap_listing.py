"""The mailboxes of an account: listed, paired with ours, made, named and deleted on both sides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.errors import Refused, Unsafe
from hongyan.store import MailboxId, Role
from hongyan.sync import imap_gmail, imap_labels
from hongyan.sync import imap_mailbox_plan as plan
from hongyan.sync import imap_names as names
from hongyan.sync.imap_plan import Standing
from hongyan.sync.imap_tour import standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.flow import Flow
    from hongyan.imap import Listed, MailboxStatus
    from hongyan.store import ImapMailbox
    from hongyan.sync.imap_tour import Tour

_TOGETHER: Final = 100
_ITEMS: Final = ("MESSAGES", "UIDNEXT", "UIDVALIDITY")


def settle_mailboxes(tour: Tour) -> Flow[dict[MailboxId, Standing]]:
    """Let the mailboxes of both sides be the same; return how those of the server stand.

    Those that were deleted here are left to `delete_mailboxes`, since their messages go first.
    """
    listing = yield from _listing(tour)
    tour.result.on_server = sum(
        state.values.get("MESSAGES", 0) for _, state in listing if state is not None
    )
    mailboxes = tour.mailboxes()
    by_wire = {each.wire: each for each in mailboxes.values()}
    theirs = yield from _identified(tour, _theirs(tour, listing, by_wire), by_wire)
    acts = plan.pair(theirs, _paired(mailboxes.values()), _ours(tour, mailboxes))
    delimiters = {listed.octets: listed.delimiter for listed, _ in listing}
    for act in acts:
        _here(tour, act, delimiters)
    there = [each for each in acts if isinstance(each, plan.Create | plan.Rename)]
    if there:
        style = yield from _style(tour, delimiters)
        for each in there:
            yield from _there(tour, each, style)
    imap_gmail.settle(tour, {listed.octets: listed for listed, _ in listing})
    states = {listed.octets: state for listed, state in listing}
    return {
        each.id: _standing(state)
        for each in tour.mailboxes().values()
        if (state := states.get(each.wire)) is not None
    }


def _listing(tour: Tour) -> Flow[tuple[tuple[Listed, MailboxStatus | None], ...]]:
    conn = tour.conn
    items = [*_ITEMS]
    if conn.offers("CONDSTORE") or "CONDSTORE" in conn.enabled:
        items.append("HIGHESTMODSEQ")
    if conn.offers("LIST-STATUS", "IMAP4REV2"):
        listing = yield from imap.list_mailboxes(conn, status=items)
        return tuple(each for each in listing if names.openable(each[0]))
    listing = yield from imap.list_mailboxes(conn)
    found: list[tuple[Listed, MailboxStatus | None]] = []
    for listed, _ in listing:
        if names.openable(listed):
            found.append((listed, (yield from _status(tour, listed, items))))
    return tuple(found)


def _status(tour: Tour, listed: Listed, items: list[str]) -> Flow[MailboxStatus | None]:
    try:
        return (yield from imap.status(tour.conn, listed.octets, items))
    except Refused as error:
        tour.trouble(listed.name, error)
        return None


def _standing(status: MailboxStatus) -> Standing:
    values = status.values
    return Standing(
        values.get("UIDVALIDITY") or None,
        values.get("UIDNEXT"),
        values.get("HIGHESTMODSEQ") or None,
        values.get("MESSAGES", 0),
    )


def _theirs(
    tour: Tour,
    listing: tuple[tuple[Listed, MailboxStatus | None], ...],
    known: dict[bytes, ImapMailbox],
) -> list[plan.Theirs]:
    roles = names.roles(listed for listed, _ in listing)
    harmless = _no_message_goes_with(tour, listing, roles)
    waiting = tour.store.imap_messages.waiting(tour.account.id)
    return [
        plan.Theirs(
            listed.octets,
            names.path(listed),
            roles.get(listed.octets),
            untouched=listed.octets in harmless
            or _untouched(known.get(listed.octets), state, waiting),
        )
        for listed, state in listing
    ]


def _no_message_goes_with(
    tour: Tour, listing: tuple[tuple[Listed, MailboxStatus | None], ...], roles: dict[bytes, str]
) -> set[bytes]:
    """Return the mailboxes that are labels; All Mail, where they are, is the archive."""
    wires = {listed.octets.hex(): listed for listed, _ in listing}
    labels = imap_labels.read(wires.items())
    if labels.all_mail is None or imap_gmail.EXTENSION not in tour.conn.capabilities:
        return set()
    if "archive" not in roles.values():
        roles[wires[labels.all_mail].octets] = "archive"
    return {wires[each].octets for each in labels.names}


def _identified(
    tour: Tour, theirs: list[plan.Theirs], known: dict[bytes, ImapMailbox]
) -> Flow[list[plan.Theirs]]:
    """Ask who the new ones are, where one is missing that could be one of them (RFC 8474).

    By opening them: Cyrus 3.6 answers STATUS with octets of whatever lay in its memory.
    """
    listed = {each.wire for each in theirs}
    missing = any(each.object_id for wire, each in known.items() if wire not in listed)
    if not missing or not tour.conn.offers("OBJECTID"):
        return theirs
    found: list[plan.Theirs] = []
    for each in theirs:
        object_id = None
        if each.wire not in known:
            object_id = yield from tour.who_is(each.wire)
        found.append(replace(each, object_id=object_id))
    return found


def _untouched(
    known: ImapMailbox | None, state: MailboxStatus | None, waiting: dict[MailboxId, int]
) -> bool:
    """Whether nothing has come into a mailbox that is not here."""
    if known and known.id in waiting:
        return False
    was = standing(known) if known else None
    now = _standing(state) if state else None
    return bool(
        was and now and (was.uid_validity, was.uid_next) == (now.uid_validity, now.uid_next)
    )


def _paired(mailboxes: Iterable[ImapMailbox]) -> list[plan.Paired]:
    return [
        plan.Paired(each.id, each.wire, each.called, each.name, each.object_id, each.doubts)
        for each in mailboxes
    ]


def _ours(tour: Tour, mailboxes: dict[MailboxId, ImapMailbox]) -> list[plan.Ours]:
    """Return our mailboxes that the server has not."""
    ours = tour.store.mailboxes.list(tour.account.id)
    paths = tour.store.imap_mailboxes.paths(tour.account.id)
    parents = {each.parent_id for each in ours}
    return [
        plan.Ours(
            each.id,
            paths[each.id],
            each.role.value if each.role else None,
            knot=not each.total and each.id in parents,
        )
        for each in ours
        if each.id not in mailboxes
    ]


def _style(tour: Tour, delimiters: dict[bytes, str | None]) -> Flow[names.Style]:
    """Return how the server writes the names of the person's own mailboxes (RFC 2342)."""
    conn = tour.conn
    if conn.offers("NAMESPACE", "IMAP4REV2"):
        personal = (yield from imap.namespace(conn)).personal
        if personal:
            return names.Style(personal[0].delimiter, personal[0].prefix, conn.utf8)
    delimiter = next((each for each in delimiters.values() if each), None)
    return names.Style(delimiter, utf8=conn.utf8)


def _here(tour: Tour, act: plan.Act, delimiters: dict[bytes, str | None]) -> None:
    """Do what is to be done on our side."""
    match act:
        case plan.Adopt():
            _adopt(tour, act, delimiters[act.theirs.wire])
        case plan.Call():
            with tour.store.transaction():
                tour.store.imap_mailboxes.call(act.id, act.theirs.name, _role(act.theirs.role))
                _pair(tour, act.id, act.theirs, delimiters[act.theirs.wire])
        case plan.Miss():
            _miss(tour, act.id)
        case plan.Gone():
            tour.gone.append(MailboxId(act.id))
        case plan.Forget():
            tour.store.imap_mailboxes.forget(act.id)
            tour.unsettle()


def _there(tour: Tour, act: plan.Create | plan.Rename, style: names.Style) -> Flow[None]:
    """Do what is to be done on the server; what it refuses is tried again at the next tour."""
    wire = style.wire(act.name)
    mailboxes = tour.mailboxes()
    old = mailboxes.get(MailboxId(act.id))
    taken = next((each for each in mailboxes.values() if each.wire == wire), None)
    if taken is not None and taken.id != act.id:
        if taken.name is not None:  # else it was deleted here, and its name is free then
            _give_way(tour, act, old, taken)
        return
    try:
        if isinstance(act, plan.Create):
            yield from imap.create(tour.conn, wire, special_use=_use(tour, act))
        elif old is not None:
            yield from imap.rename(tour.conn, old.wire, wire)
    except (Refused, Unsafe) as error:
        tour.trouble(act.name, error)
        return
    tour.store.imap_mailboxes.pair(act.id, wire=wire, delimiter=style.delimiter)
    tour.unsettle()  # what it holds may have been left untold while it could not be made
    tour.again.add(MailboxId(act.id))


def _give_way(
    tour: Tour,
    act: plan.Create | plan.Rename,
    old: ImapMailbox | None,
    taken: ImapMailbox,
) -> None:
    """See to a mailbox whose name the server has for another: that one keeps it.

    One that was renamed gets its name back; one that the server never had gives its messages to
    the other and goes.
    """
    store = tour.store
    with store.transaction():
        if old is not None:
            store.imap_mailboxes.call(act.id, old.called, None)
            return
        while found := store.messages.page(act.id, limit=_TOGETHER):
            for each in found:
                store.messages.set_mailboxes(each.id, each.mailbox_ids - {act.id} | {taken.id})
        store.imap_mailboxes.remove(act.id)
        store.imap_mailboxes.call(taken.id, act.name, None)
        store.imap_mailboxes.pair(taken.id, wire=taken.wire, delimiter=taken.delimiter)


def _use(tour: Tour, act: plan.Create) -> str:
    offered = "CREATE-SPECIAL-USE" in tour.conn.capabilities
    return names.SPECIAL_USES.get(act.role or "", "") if offered else ""


def _adopt(tour: Tour, act: plan.Adopt, delimiter: str | None) -> None:
    store = tour.store.imap_mailboxes
    role = _role(act.theirs.role)
    with tour.store.transaction():
        if act.id is None:
            id_ = store.create(tour.account.id, act.theirs.name, role)
        else:
            id_ = MailboxId(act.id)
            store.call(id_, act.theirs.name, role)
            tour.unsettle()  # what it holds may have been left untold while it was ours alone
        _pair(tour, id_, act.theirs, delimiter)


def _pair(tour: Tour, id_: str, theirs: plan.Theirs, delimiter: str | None) -> None:
    tour.store.imap_mailboxes.pair(
        id_, wire=theirs.wire, delimiter=delimiter, object_id=theirs.object_id
    )


def _role(name: str | None) -> Role | None:
    return Role(name) if name else None


def _miss(tour: Tour, id_: str) -> None:
    """Let the messages of a mailbox that is missing be sought; they go at the next visit's end."""
    messages, mailboxes = tour.store.imap_messages, tour.store.imap_mailboxes
    with tour.store.transaction():
        messages.miss(id_, messages.places(id_), visit=tour.number + 1)
        mailboxes.stand(id_, uid_validity=None, uid_next=0, modseq=None, exist=0)
        mailboxes.doubt(id_, 1)


def delete_mailboxes(tour: Tour) -> Flow[None]:
    """Delete on the server what was deleted here, once it has no message left that we know of."""
    for mailbox in tour.mailboxes().values():
        left = tour.store.imap_messages.places(mailbox.id)
        if mailbox.name is None and not left and not tour.store.imap_labels.under(mailbox.id):
            try:
                yield from _delete(tour, mailbox)
            except Refused as error:
                tour.trouble(mailbox.called, error)
                tour.store.imap_mailboxes.forget(mailbox.id)  # it comes back at the next visit


def _delete(tour: Tour, mailbox: ImapMailbox) -> Flow[None]:
    state = yield from imap.status(tour.conn, mailbox.wire, _ITEMS)
    if state.values.get("MESSAGES", 1):
        tour.store.imap_mailboxes.forget(mailbox.id)  # what has come meanwhile keeps it
        tour.unsettle()
        return
    yield from tour.leave()
    yield from imap.delete(tour.conn, mailbox.wire)
    tour.store.imap_mailboxes.forget(mailbox.id)
