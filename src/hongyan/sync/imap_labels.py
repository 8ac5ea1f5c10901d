r"""Gmail's labels (X-GM-EXT-1): one message, stored once, in a mailbox for each label. Pure.

Gmail shows a message in each mailbox whose label it has, as if it were copied. It is stored in All
Mail, or in Spam or Trash: those alone are looked into, and labels say in which other mailboxes of
ours a message is. Changing them is adding and taking labels, so nothing is copied or lost.
`imap_gmail` carries out what is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.sync.imap_plan import Append, Flag, Move, Remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hongyan.imap import Listed

_SYSTEM: Final = {
    r"\sent": r"\Sent",
    r"\drafts": r"\Draft",
    r"\flagged": r"\Starred",
    r"\important": r"\Important",
}


@dataclass(frozen=True, slots=True)
class Labels:
    """How an account's mailboxes are labels, and which ones store messages.

    ``names`` are the labels by mailbox, ``ids`` the mailboxes by label in lower case.
    """

    names: Mapping[str, str]
    ids: Mapping[str, str]
    stores: tuple[str, ...]
    all_mail: str | None = None
    trash: str | None = None

    def mailboxes(self, store: str, labels: Iterable[str]) -> frozenset[str]:
        """Return the mailboxes of a message in ``store`` with ``labels``; hidden ones are none.

        What lies in Spam or Trash is shown there alone.
        """
        if store != self.all_mail:
            return frozenset({store})
        found = (self.ids.get(label.lower()) for label in labels)
        return frozenset({store, *(each for each in found if each)})

    def home(self, mailbox: str) -> str:
        """Return the mailbox that stores what is in ``mailbox``."""
        return self.all_mail if self.all_mail and mailbox in self.names else mailbox


@dataclass(frozen=True, slots=True)
class Label:
    """Give a message in ``mailbox`` a label, or take it: the one that ``target`` is."""

    mailbox: str
    target: str
    label: str
    add: bool


Tell: TypeAlias = Label | Flag | Move | Remove | Append


def read(listed: Iterable[tuple[str, Listed]]) -> Labels:
    r"""Return what the mailboxes, ours by id, are. Without All Mail each stores its messages."""
    mailboxes = list(listed)
    all_mail = next((id_ for id_, each in mailboxes if each.has(r"\All")), None)
    if all_mail is None:
        return Labels({}, {}, tuple(id_ for id_, _ in mailboxes))
    uses = (r"\All", r"\Junk", r"\Trash")
    stores = tuple(id_ for id_, each in mailboxes if any(each.has(use) for use in uses))
    names = {id_: _label(each) for id_, each in mailboxes if id_ not in stores}
    trash = next((id_ for id_, each in mailboxes if each.has(r"\Trash")), None)
    ids = {name.lower(): id_ for id_, name in names.items()}
    return Labels(names, ids, stores, all_mail, trash)


def _label(listed: Listed) -> str:
    if listed.octets.upper() == b"INBOX":
        return r"\Inbox"
    for attribute in listed.attributes:
        if label := _SYSTEM.get(attribute.lower()):
            return label
    return listed.octets.decode("utf-8", "replace")


def follow(was: frozenset[str], there: frozenset[str], here: frozenset[str]) -> frozenset[str]:
    """Return the mailboxes of a message here, when the server's have changed; ours stay changed."""
    return (here - (was - there)) | (there - was)


def tell(labels: Labels, was: frozenset[str], here: frozenset[str]) -> tuple[Tell, ...]:
    """Decide what to tell of a message that was in the mailboxes ``was`` and is now in ``here``.

    What is nowhere any more goes into Trash, as Gmail itself does it, and from there for good.
    Leaving All Mail alone cannot be told: a message with a label is in it. What is nowhere there
    is put into one mailbox; the others follow when it has been found in All Mail.
    """
    store = next((each for each in labels.stores if each in was), None)
    if store is None:
        into = sorted(here, key=lambda each: (each not in labels.stores, each))
        return tuple(Append(each) for each in into[:1])
    if not here:
        away = store == labels.trash or labels.trash is None
        return (Remove(store),) if away else (Move(store, labels.trash or store),)
    target = next((each for each in labels.stores if each in here and each != store), None)
    if target is None and store != labels.all_mail:
        target = next(iter(sorted(here & labels.names.keys())), None)
    if target is not None:
        return (Move(store, target),)
    gone = sorted((was - here) & labels.names.keys())
    new = sorted((here - was) & labels.names.keys())
    return (
        *(Label(store, each, labels.names[each], add=False) for each in gone),
        *(Label(store, each, labels.names[each], add=True) for each in new),
    )
