"""list, search, show and save, on the demo's samples and on mail that means harm."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.cli.command import Hongyan

EMAIL = {"id", "subject", "from", "receivedAt", "size", "keywords", "mailboxIds", "preview"}


def letter(
    *attachments: tuple[str, bytes], subject: str = "Files", text: str = "see below"
) -> bytes:
    parts = [f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()]
    for name, content in attachments:
        head = f'--b\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        parts.append(
            f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content + b"\r\n"
        )
    head = f"From: Ann <ann@there.example>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
    kind = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    return (head + kind).encode() + b"".join(parts) + b"--b--\r\n"


def subjects(found: list[dict[str, object]]) -> list[object]:
    return [each["subject"] for each in found]


def test_list_gives_email_objects(yan: Hongyan) -> None:
    found = yan.json("list", "--limit", "5")
    assert len(found) == 5
    for each in found:
        assert each.keys() >= EMAIL
        assert isinstance(each["mailboxIds"], dict)
        assert isinstance(each["keywords"], dict)
        assert each["receivedAt"].endswith("Z")
        assert each["from"][0].keys() == {"name", "email"}
        assert "headers" not in each
    times = [each["receivedAt"] for each in found]
    assert times == sorted(times, reverse=True)


def test_list_for_people(yan: Hongyan) -> None:
    lines = yan.ok("list", "--limit", "2").splitlines()
    assert len(lines) == 2
    identity, marks, _, sender, subject = lines[0].split("\t")
    assert identity.startswith("m")
    assert (marks, sender, subject) == ("•", "Hongyan 鸿雁", "Welcome. Here is how to play")


@pytest.mark.parametrize("name", ["sent", "Sent", "SENT"])
def test_mailboxes_by_role_and_name(yan: Hongyan, name: str) -> None:
    senders = {each["from"][0]["email"] for each in yan.json("list", name)}
    assert senders == {"yan@goose.example"}


def test_a_mailbox_that_is_not_there(yan: Hongyan, anna: Hongyan) -> None:
    assert yan.fails(65, "list", "spam") == (
        "hongyan: there is no mailbox 'spam'; there are: Inbox, Drafts, Sent, Archive, Junk, Trash."
    )
    assert anna.ok("list") == anna.ok("list", "INBOX") == ""
    assert anna.json("list") == []


def test_of_two_accounts_one_may_lack_a_mailbox(yan: Hongyan) -> None:
    yan.add_account("second@here.example", smtp="smtp://127.0.0.1:1?tls=none")
    assert yan.json("list", "sent")
    assert yan.json("list", "--account", "second@here.example") == []
    assert "'other@x.example'" in yan.fails(65, "list", "--account", "other@x.example")


def test_the_limit(yan: Hongyan) -> None:
    assert "'--limit': 0 is not in the range x>=1" in yan.fails(64, "list", "--limit", "0")
    assert len(yan.json("list", "--limit", "1000")) == 60


def test_search(yan: Hongyan) -> None:
    assert subjects(yan.json("search", "发票")) == ["您的电子发票：北京云雀宾馆"]
    assert yan.json("search", "no-such-word-anywhere") == []
    assert all(each.keys() >= EMAIL for each in yan.json("search", "goose"))
    assert yan.ok("search", "from:rosa", "rehearsal").count("\n") >= 1


def test_a_word_after_a_minus_is_no_option(yan: Hongyan) -> None:
    every, without = yan.json("search", "goose"), yan.json("search", "goose", "-hello")
    assert 0 < len(without) <= len(every)


@pytest.mark.parametrize("query", ["in:", "before:soon", '"open'])
def test_a_query_that_cannot_be_read(yan: Hongyan, query: str) -> None:
    assert "See 'hongyan search --help'." in yan.fails(64, "search", query)


def test_show_reads_and_marks(yan: Hongyan) -> None:
    (found,) = yan.json("search", "发票")
    told = yan.ok("show", found["id"])
    assert told.startswith("From: 云雀宾馆前台 <front@yunque.example>\n")
    assert "\nSubject: 您的电子发票：北京云雀宾馆\n\n" in told
    assert f"[1] 电子发票-云雀宾馆.pdf (946 B)\n'hongyan save {found['id']}' keeps them\n" in told
    (again,) = yan.json("search", "发票")
    assert again["keywords"] == {"$seen": True}


def test_show_in_other_forms(yan: Hongyan) -> None:
    raw = yan("show", "m1", "--raw").octets
    assert raw.startswith(b"Return-Path:")
    assert len(raw) == yan.json("show", "m1")["size"]
    assert yan.ok("show", "m1", "--headers").startswith("Return-Path: ")
    shown = yan.json("show", "m1")
    assert shown.keys() >= EMAIL | {"textBody", "htmlBody", "attachments", "bodyValues"}
    assert shown["id"] == "m1"
    assert shown["mailboxIds"] == {"b1": True}
    assert shown["keywords"] == {}, "only reading marks it as read"
    assert shown["textBody"]


@pytest.mark.parametrize("name", ["m999", "x", "", "m1; drop table"])
@pytest.mark.parametrize("command", ["show", "save", "reply"])
def test_a_message_that_is_not_there(yan: Hongyan, command: str, name: str) -> None:
    more = ("--body", "-") if command == "reply" else ()
    assert yan.fails(65, command, name, *more).startswith(f"hongyan: there is no message {name!r}.")


def test_save_never_overwrites(anna: Hongyan, tmp_path: Path) -> None:
    (name,) = anna.receive(letter(("a.txt", b"one"), ("a.txt", b"two"), ("A.TXT", b"three")))
    to = tmp_path / "to"
    to.mkdir()
    (to / "a.txt").write_bytes(b"mine")
    lines = anna.ok("save", name, "--to", str(to)).splitlines()
    assert len(lines) == 3
    assert (to / "a.txt").read_bytes() == b"mine"
    contents = sorted(each.read_bytes() for each in to.iterdir())
    assert contents == [b"mine", b"one", b"three", b"two"]
    folded = {each.name.casefold() for each in to.iterdir()}
    assert len(folded) == 4, "also where a file system does not tell a from A"


def test_save_follows_no_link(anna: Hongyan, tmp_path: Path) -> None:
    (name,) = anna.receive(letter(("a.txt", b"one")))
    to, elsewhere = tmp_path / "to", tmp_path / "elsewhere"
    to.mkdir()
    (to / "a.txt").symlink_to(elsewhere)
    anna.ok("save", name, "--to", str(to))
    assert not elsewhere.exists()
    assert (to / "a.txt").is_symlink()


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "/etc/passwd", "..", ".", ".bashrc", "", "CON", "con.txt", "a" * 400 + ".pdf",
        "C:\\\\x\\\\y.exe", "a\u202egpj.exe", "-rf", "~", "x\u2028y", "  ", "a/", "..\\\\..\\\\x",
    ],
)  # fmt: skip
def test_save_stays_in_the_folder(anna: Hongyan, tmp_path: Path, name: str) -> None:
    (message,) = anna.receive(letter((name, b"x"), (name, b"y")))
    to = tmp_path / "deep" / "to"
    to.mkdir(parents=True)
    anna.ok("save", message, "--to", str(to))
    saved = list(to.iterdir())
    assert sorted(each.read_bytes() for each in saved) == [b"x", b"y"]
    for each in saved:
        assert stat.S_ISREG(each.lstat().st_mode)
        assert not each.lstat().st_mode & 0o177, "readable by its owner, executable by nobody"
        assert not each.name.startswith(".")
        assert not any(char in each.name for char in "\u202e\u2028/\\")
    assert sorted(each.name for each in (tmp_path / "deep").iterdir()) == ["to"]


def test_save_one_part(anna: Hongyan, tmp_path: Path) -> None:
    (name,) = anna.receive(letter(("a", b"1"), ("b", b"2")))
    anna.ok("save", name, "2", "--to", str(tmp_path))
    assert (tmp_path / "b").read_bytes() == b"2"
    assert not (tmp_path / "a").exists()
    assert "has 2 attachments, no number 3" in anna.fails(65, "save", name, "3")
    assert "range" in anna.fails(64, "save", name, "0")


def test_save_without_attachments_or_folder(anna: Hongyan, tmp_path: Path) -> None:
    (plain,) = anna.receive(b"From: a@b.example\r\n\r\nhi\r\n")
    assert "has no attachments" in anna.fails(65, "save", plain)
    assert "does not exist" in anna.fails(64, "save", plain, "--to", str(tmp_path / "none"))


def test_a_folder_that_takes_nothing_keeps_no_piece(anna: Hongyan, tmp_path: Path) -> None:
    (name,) = anna.receive(letter(("a", b"1")))
    folder = "/proc" if os.geteuid() == 0 else str(tmp_path / "closed")
    if os.geteuid():
        Path(folder).mkdir(mode=0o500)
    assert f"{folder}/ cannot take the file" in anna.fails(74, "save", name, "--to", folder)
