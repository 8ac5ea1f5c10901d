r"""A little Gmail in memory: one message, shown in All Mail and in a mailbox for each label.

As Gmail does it: Spam and Trash hide all labels; what is moved out of a label's mailbox loses the
label; what is appended to one has it; deleting a label deletes no message. `quiet` is a Gmail that
gives no new mod-sequence for a change of labels, `strict` where commands are refused in Trash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final

from tests.sync.toy_imap import Box, Letter, ToyImap

ALL: Final = "[Gmail]/All Mail"
SPAM: Final = "[Gmail]/Spam"
TRASH: Final = "[Gmail]/Trash"
SENT: Final = "[Gmail]/Sent Mail"
DRAFTS: Final = "[Gmail]/Drafts"
USES: Final = {
    ALL: "\\All",
    SPAM: "\\Junk",
    TRASH: "\\Trash",
    SENT: "\\Sent",
    DRAFTS: "\\Drafts",
}
SYSTEM: Final = {"INBOX": "\\Inbox", SENT: "\\Sent", DRAFTS: "\\Draft"}
NUMBERS: Final = count(1_278_455_344_230_334_865)
_WHEN: Final = "02-Mar-2026 10:00:00 +0000"


@dataclass
class Mail(Letter):
    """``home`` is where it is stored; ``modseq`` changes with it."""

    labels: set[str] = field(default_factory=set)
    home: str = ALL
    when: str = _WHEN
    number: int = field(default_factory=lambda: next(NUMBERS))
    modseq: int = 1

    def is_in(self, name: str) -> bool:
        if name in (ALL, SPAM, TRASH):
            return self.home == name
        return self.home == ALL and SYSTEM.get(name, name) in self.labels


@dataclass
class ToyGmail(ToyImap):
    boxes: dict[str, Box] = field(
        default_factory=lambda: {name: Box() for name in ["INBOX", *USES]}
    )
    capabilities: tuple[str, ...] = (
        "IMAP4REV1", "UNSELECT", "X-GM-EXT-1", "UIDPLUS", "MOVE", "CONDSTORE", "LITERAL+",
        "SPECIAL-USE",
    )  # fmt: skip
    mail: list[Mail] = field(default_factory=list)
    quiet: bool = False
    highest: int = 1
    fetched: int = 0  # bodies

    # -- as the person does it in a browser

    def deliver(self, octets: bytes, *labels: str) -> Mail:
        mail = Mail(octets, labels=set(labels))
        self.mail.append(mail)
        self._changed(mail)
        return mail

    def label(self, mail: Mail, *, add: str = "", remove: str = "") -> None:
        mail.labels = (mail.labels | {add}) - {remove, ""}
        self._changed(mail, labels_alone=True)

    def move(self, mail: Mail, home: str) -> None:
        mail.home = home
        self._changed(mail)

    def _changed(self, *mails: Mail, labels_alone: bool = False) -> None:
        for mail in mails:
            if not (labels_alone and self.quiet):
                self.highest += 1
                mail.modseq = self.highest
        for name, box in self.boxes.items():
            there = {id(letter): uid for uid, letter in box.letters.items()}
            for mail in self.mail:
                if mail.is_in(name) and id(mail) not in there:
                    box.letters[box.next_uid] = mail
                    box.next_uid += 1
            box.letters = {
                uid: mail
                for uid, mail in box.letters.items()
                if isinstance(mail, Mail) and mail in self.mail and mail.is_in(name)
            }

    def _modseq(self, box: Box) -> int:
        return max(
            (each.modseq for each in box.letters.values() if isinstance(each, Mail)), default=1
        )

    # -- commands

    def _list(self, _: str, __: bytes) -> None:
        for name in self.boxes:
            self._say(f'* LIST (\\HasNoChildren {USES.get(name, "")}) "/" "{name}"')

    def _status(self, rest: str, _: bytes) -> str | None:
        name = _name(rest)[0]
        box = self.boxes[name]
        self._say(
            f'* STATUS "{name}" (MESSAGES {len(box.letters)} UIDNEXT {box.next_uid} '
            f"UIDVALIDITY {box.validity} HIGHESTMODSEQ {self._modseq(box)})"
        )
        return None

    def _select(self, rest: str, _: bytes) -> str | None:
        self._box = box = self.boxes[_name(rest)[0]]
        self._say(f"* {len(box.letters)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {box.validity}] v")
        self._say(f"* OK [UIDNEXT {box.next_uid}] n")
        self._say(f"* OK [HIGHESTMODSEQ {self._modseq(box)}] m")
        return "OK [READ-WRITE] open"

    def _unselect(self, _: str, __: bytes) -> None:
        self._box = None

    def _uid_fetch(self, rest: str, _: bytes) -> str | None:
        uids, __, items = rest.partition(" ")
        since = re.search(r"CHANGEDSINCE (\d+)", items)
        for seq, (uid, mail) in enumerate(self._chosen(uids).items(), 1):
            assert isinstance(mail, Mail)
            if since is None or mail.modseq > int(since[1]):
                self.fetched += "BODY.PEEK[]" in items
                self._fetched(seq, uid, mail, items)
        return None

    def _fetched(self, seq: int, uid: int, letter: Letter, items: str) -> None:
        assert isinstance(letter, Mail)
        extra = f" X-GM-MSGID {letter.number}"
        if "X-GM-LABELS" in items:
            own = next((SYSTEM.get(n, n) for n, b in self.boxes.items() if b is self._box), "")
            told = " ".join(
                '"' + each.replace("\\", "\\\\") + '"' for each in sorted(letter.labels - {own})
            )
            extra += f" X-GM-LABELS ({told})"
        before = self._out
        super()._fetched(seq, uid, letter, items)
        line = self._out[len(before) :].replace(_WHEN.encode(), letter.when.encode(), 1)
        self._out = before + line.replace(
            b"(UID", f"(MODSEQ ({letter.modseq}){extra} UID".encode(), 1
        )

    def _uid_store(self, rest: str, _: bytes) -> str | None:
        uids, rest = rest.split(" ", 1)
        rest = re.sub(r"^\(UNCHANGEDSINCE \d+\) ", "", rest)
        what, values = rest.split(" ", 1)
        words = {each.replace("\\\\", "\\") for each in re.findall(r'"([^"]*)"|([^\s()"]+)', values)
                 for each in each if each}  # fmt: skip
        for seq, (uid, mail) in enumerate(self._chosen(uids).items(), 1):
            assert isinstance(mail, Mail)
            labels = "X-GM-LABELS" in what
            now = mail.labels if labels else mail.flags
            now = now | words if what[0] == "+" else now - words
            if labels:
                assert self._box is self.boxes[ALL], "labels of what is hidden mean nothing"
                mail.labels = now
            else:
                mail.flags = now
            self._changed(mail, labels_alone=labels)
            if "SILENT" not in what:
                self._say(f"* {seq} FETCH (UID {uid} FLAGS ({' '.join(sorted(now))}))")
        return None

    def _uid_move(self, rest: str, _: bytes) -> str | None:
        uids, _space, rest = rest.partition(" ")
        name = _name(rest)[0]
        moved = self._chosen(uids)
        own = next(n for n, b in self.boxes.items() if b is self._box)
        for mail in moved.values():
            assert isinstance(mail, Mail)
            mail.labels.discard(SYSTEM.get(own, own))
            if name in (ALL, SPAM, TRASH):
                mail.home = name
            else:
                mail.home = ALL
                mail.labels.add(SYSTEM.get(name, name))
            self._changed(mail)
        target = self.boxes[name]
        new = {id(mail): uid for uid, mail in target.letters.items()}
        to = ",".join(str(new[id(mail)]) for mail in moved.values())
        self._say(f"* OK [COPYUID {target.validity} {uids} {to}] moved")
        return None

    def _uid_expunge(self, rest: str, _: bytes) -> None:
        assert self._box in (self.boxes[TRASH], self.boxes[SPAM]), "nothing goes but from there"
        for mail in self._chosen(rest).values():
            if "\\Deleted" in mail.flags:
                self.mail = [each for each in self.mail if each is not mail]
        self._changed()

    def _append(self, rest: str, literal: bytes) -> str:
        name, options = _name(rest)
        flags = re.match(r"\(([^)]*)\)", options)
        when = re.search(r'"([^"]{26})"', options)
        mail = Mail(literal, set(flags[1].split()) if flags else set())
        mail.when = when[1].strip() if when else _WHEN
        if name in (ALL, SPAM, TRASH):
            mail.home = name
        else:
            mail.labels.add(SYSTEM.get(name, name))
        self.mail.append(mail)
        self._changed(mail)
        box = self.boxes[name]
        uid = next(uid for uid, each in box.letters.items() if each is mail)
        return f"OK [APPENDUID {box.validity} {uid}] appended"

    def _create(self, rest: str, _: bytes) -> str | None:
        self.boxes.setdefault(_name(rest)[0], Box())
        self._changed()
        return None

    def _delete(self, rest: str, _: bytes) -> str | None:
        name = _name(rest)[0]
        del self.boxes[name]
        for mail in self.mail:
            mail.labels.discard(name)
        return None

    def _rename(self, rest: str, _: bytes) -> None:
        old, rest = _name(rest)
        new = _name(rest)[0]
        self.boxes[new] = self.boxes.pop(old)
        for mail in self.mail:
            if old in mail.labels:
                mail.labels = mail.labels - {old} | {new}


def _name(rest: str) -> tuple[str, str]:
    """Return the mailbox that ``rest`` begins with, and what follows it."""
    found = re.match(r'"([^"]*)" ?|(\S+) ?', rest)
    assert found is not None
    return found[1] or found[2], rest[found.end() :]


def received(when: str) -> datetime:
    return datetime.strptime(when, "%d-%b-%Y %H:%M:%S %z")
