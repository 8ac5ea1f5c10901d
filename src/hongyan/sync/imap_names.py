r"""What a server's mailbox is called here, and what it is for: pure.

Our names are paths with ``/``, whatever delimiter the server has; the inbox is called ``Inbox``. A
role comes from the special use that the server tells (RFC 6154), else from a name that many servers
and programs use; of several mailboxes for one role the first that tells it has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.imap import utf7
from hongyan.store.imap_mailboxes import SLASH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.imap import Listed

_USES: Final = {
    r"\sent": "sent",
    r"\drafts": "drafts",
    r"\trash": "trash",
    r"\archive": "archive",
    r"\junk": "junk",
}
SPECIAL_USES: Final = {role: use.title() for use, role in _USES.items()}
_NAMES: Final = """
sent: sent, sent items, sent messages, sent mail, sent-mail, gesendet, gesendete elemente
sent: gesendete objekte, envoyés, éléments envoyés, enviados, elementos enviados, posta inviata
sent: verzonden, verzonden items, отправленные, 已发送, 已发送邮件
sent: 寄件備份, 已傳送郵件, 送信済み, 보낸편지함
drafts: drafts, draft, entwürfe, brouillons, borradores, bozze, concepten, rascunhos, черновики
drafts: 草稿, 草稿箱, 草稿夹, 草稿匣, 下書き, 임시보관함
trash: trash, deleted, deleted items, deleted messages, bin, papierkorb, gelöschte elemente
trash: gelöschte objekte, corbeille, éléments supprimés, papelera, elementos eliminados, cestino
trash: prullenbak, lixeira, корзина, удаленные, удалённые
trash: 已删除, 已删除邮件, 垃圾桶, ゴミ箱, ごみ箱, 휴지통
junk: junk, junk e-mail, junk email, spam, bulk mail, spamverdacht, unerwünscht, indésirables
junk: courrier indésirable, correo no deseado, posta indesiderata, ongewenste e-mail, спам
junk: 垃圾邮件, 廣告郵件, 垃圾信件, 迷惑メール, 스팸메일함
archive: archive, archives, archiv, archivo, archivio, архив, 归档, アーカイブ
"""
_ROLES: Final = {
    name: role
    for role, _, rest in (line.partition(": ") for line in _NAMES.split("\n"))
    for name in rest.split(", ")
}
_INBOX: Final = "Inbox"
_UNOPENABLE: Final = (r"\Noselect", r"\NonExistent")


def openable(listed: Listed) -> bool:
    """Whether a mailbox has messages, and is not only a knot in the tree."""
    return not any(listed.has(each) for each in _UNOPENABLE)


def is_inbox(listed: Listed) -> bool:
    """Whether it is the inbox, whose name has no case (RFC 9051 §5.1)."""
    return listed.octets.upper() == b"INBOX"


def path(listed: Listed) -> str:
    """Return our name for a mailbox: its path with ``/``."""
    parts = listed.name.split(listed.delimiter) if listed.delimiter else [listed.name]
    named = [part.replace("/", SLASH) or SLASH for part in parts]
    if named[0].upper() == "INBOX":
        named[0] = _INBOX
    return "/".join(named)


@dataclass(frozen=True, slots=True)
class Style:
    """How this server writes names: its delimiter, what new ones begin with, and UTF-8 or not."""

    delimiter: str | None
    prefix: bytes = b""
    utf8: bool = False

    def wire(self, name: str) -> bytes:
        """Return the octets for a mailbox that was made or renamed here."""
        first, *rest = [part.replace(SLASH, "/") for part in name.split("/")]
        inside = first == _INBOX
        text = (self.delimiter or "/").join(["INBOX" if inside else first, *rest])
        octets = text.encode() if self.utf8 else utf7.encode(text)
        return octets if inside or octets.startswith(self.prefix) else self.prefix + octets


def roles(listed: Iterable[Listed]) -> dict[bytes, str]:
    """Return the role of each mailbox that has one, by its name on the wire."""
    mailboxes = list(listed)
    found: dict[str, bytes] = {}
    for each in mailboxes:
        for attribute in each.attributes:
            if role := _USES.get(attribute.lower()):
                found.setdefault(role, each.octets)
    for each in mailboxes:
        if is_inbox(each):
            found["inbox"] = each.octets
        elif (role := _named(each)) and each.octets not in found.values():
            found.setdefault(role, each.octets)
    return {octets: role for role, octets in found.items()}


def _named(listed: Listed) -> str | None:
    """Return the role that a name suggests, at the top or just below the inbox."""
    parts = path(listed).split("/")
    if len(parts) > 2 or (len(parts) == 2 and parts[0].upper() not in ("INBOX", "[GMAIL]")):
        return None
    return _ROLES.get(parts[-1].lower())
