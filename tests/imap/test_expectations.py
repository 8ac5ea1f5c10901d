"""The shared corpora: net-imap's responses with their values, MailKit's transcripts, imaptest's lines."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hongyan.imap.data import Fetched, Found, Listed, MailboxStatus, Sorted, Threads, Unknown
from hongyan.imap.framing import Framer, Limits, Opening, Response
from hongyan.imap.parser import Parsed, opening, parse
from hongyan.imap.sets import NumberSet
from hongyan.imap.types import Capabilities, Code, Condition, Tagged
from tests.support.corpus import CORPUS

NET_IMAP = CORPUS / "net-imap-responses" / "responses.json"
MAILKIT = CORPUS / "mailkit-transcripts"
IMAPTEST = CORPUS / "imaptest" / "scripts.json"
UNKNOWN_DATA = {"QUOTA", "QUOTAROOT", "METADATA"}


def net_imap() -> list[Any]:
    return json.loads(NET_IMAP.read_text("utf-8")) if NET_IMAP.exists() else []


def responses(octets: bytes, *, chunk: int, held: int = 65_536) -> list[Parsed]:
    framer = Framer(Limits(held=held))
    found: list[Parsed] = []
    for at in range(0, len(octets), chunk):
        framer.feed(octets[at : at + chunk])
        while (frame := framer.next()) is not None:
            if isinstance(frame, Response):
                found.append(parse(frame))
            elif isinstance(frame, Opening):
                assert opening(frame).body.size == frame.size
    assert len(framer) == 0
    return found


def flags(written: list[str]) -> tuple[str, ...]:
    return tuple(each.replace(":", "\\", 1) if each.startswith(":") else each for each in written)


def plain(value: Any) -> Any:
    """Take the type's name off a value of the corpus."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith("!Net::IMAP"):
        return next(iter(value.values()))
    return value


def lowered(written: tuple[str, ...]) -> list[str]:
    return [each.lower() for each in written]


def check_condition(got: Condition | Tagged, expected: Any) -> None:
    data = plain(expected["data"])
    assert got.status.name == expected["name"]
    assert got.text == data["text"]
    check_code(got.code, plain(data["code"]))


def check_code(got: Code | None, expected: Any) -> None:
    assert got is not None
    assert got.name == expected["name"]
    value = got.value
    if isinstance(value, Capabilities):
        assert value.names == set(expected["data"])
    elif isinstance(value, tuple):
        assert lowered(flags(expected["data"])) == lowered(value)
    else:
        assert value == expected["data"]


def check_fetched(got: Fetched, expected: Any) -> None:
    data = plain(expected["data"])
    assert got.seq == data["seqno"]
    for name, value in data["attr"].items():
        check_attribute(got, name, plain(value))


def check_attribute(got: Fetched, name: str, value: Any) -> None:
    simple = {
        "UID": got.uid,
        "RFC822.SIZE": got.size,
        "MODSEQ": got.modseq,
        "X-GM-MSGID": got.gmail_message,
        "X-GM-THRID": got.gmail_thread,
    }
    if name in simple:
        assert simple[name] == value
    elif name == "FLAGS":
        assert got.flags == flags(value)
    elif name == "X-GM-LABELS":
        assert got.gmail_labels is not None
        assert tuple(each.decode() for each in got.gmail_labels) == flags(value)
    elif name == "INTERNALDATE":
        assert got.internal_date == datetime.strptime(value, "%d-%b-%Y %H:%M:%S %z")
    elif name == "ENVELOPE":
        check_envelope(got, value)
    elif name == "BODY":
        assert got.structure is not None
        assert got.structure.kind == f"{value['media_type']}/{value['subtype']}".lower()
        assert (got.structure.size, got.structure.lines) == (value["size"], value["lines"])
    else:
        check_body(got, name, value)


def check_envelope(got: Fetched, expected: Any) -> None:
    envelope = got.envelope
    assert envelope is not None
    assert envelope.subject == expected["subject"].encode()
    assert envelope.date == expected["date"].encode()
    assert envelope.message_id == expected["message_id"].encode()
    first = plain(expected["from"][0])
    assert envelope.from_[0].mailbox == first["mailbox"].encode()
    assert envelope.from_[0].host == first["host"].encode()


def check_body(got: Fetched, name: str, value: str) -> None:
    section = name.removeprefix("BODY[").removesuffix("]") if name.startswith("BODY") else ""
    (body,) = got.bodies
    assert body.section.upper() == section.upper()
    assert body.data == value.encode()


def check(got: Parsed, expected: Any) -> None:
    if isinstance(got, Condition | Tagged):
        check_condition(got, expected)
    elif isinstance(got, Fetched):
        check_fetched(got, expected)
    elif isinstance(got, Listed):
        data = plain(expected["data"])
        assert (got.name, got.delimiter) == (data["name"], data["delim"])
        assert lowered(got.attributes) == lowered(flags(data["attr"]))
    else:
        assert isinstance(got, MailboxStatus)
        data = plain(expected["data"])
        assert got.name == data["mailbox"]
        numbers = {key: value for key, value in data["attr"].items() if isinstance(value, int)}
        assert got.values == numbers


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in net_imap()])
def test_net_imap(case: Any) -> None:
    (got,) = responses(case["response"].encode(), chunk=7)
    if case["expect"] == "ok":
        check(got, plain(case["expected"]))
    else:  # net-imap fails on an attribute it does not know; here it is named and left
        assert isinstance(got, Fetched)
        assert got.others == ("UNKNOWN",)


def mailkit() -> list[Path]:
    return sorted((MAILKIT / "Imap").rglob("*.txt"))


def wire(path: Path) -> bytes:
    """Some files lost their CRs on the way into the corpus; their literals still count them."""
    octets = path.read_bytes()
    return octets if b"\r\n" in octets else octets.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("path", [pytest.param(each, id=each.stem) for each in mailkit()])
@pytest.mark.parametrize("held", [16, 65_536])
def test_mailkit(path: Path, held: int) -> None:
    octets = wire(path)
    found = responses(octets, chunk=7, held=held)
    assert found
    assert found == responses(octets, chunk=len(octets), held=held)
    assert {each.name for each in found if isinstance(each, Unknown)} <= UNKNOWN_DATA


def replays() -> list[Any]:
    path = MAILKIT / "replays.json"
    read = json.loads(path.read_text("utf-8")) if path.exists() else []
    return [each for each in read if each["proto"] == "imap"]


@pytest.mark.parametrize("replay", [pytest.param(each, id=each["id"]) for each in replays()])
def test_every_command_of_a_replay_has_its_reply(replay: Any) -> None:
    folder = MAILKIT / "Imap" / "Resources"
    for step in replay["steps"]:
        tag = step["client"].partition(" ")[0]
        if "server_file" in step:
            server, _, name = step["server_file"].partition(".")
            octets = wire(folder / server / name).replace(b"A########", tag.encode())
        else:
            octets = step.get("server", f"{tag} {step.get('server_code', 'BAD')}\r\n").encode()
        replies = [each for each in responses(octets, chunk=50) if isinstance(each, Tagged)]
        assert all(each.tag == tag for each in replies)


def imaptest_lines() -> list[tuple[str, str]]:
    """The untagged lines with numbers that imaptest expects, with its variables filled in."""
    if not IMAPTEST.exists():
        return [("own", "* search 1 2"), ("own", "* thread (1)(2 3)")]
    lines = []
    for script in json.loads(IMAPTEST.read_text("utf-8")):
        for line in script["script"].splitlines():
            words = line.split()
            if words[:1] == ["*"] and words[1:2] and words[1] in KINDS and "$n" not in line:
                lines.append((script["id"], line))
    return lines


KINDS = {"search": Found, "esearch": Found, "thread": Threads, "sort": Sorted}


def test_imaptest_lines_have_their_type() -> None:
    lines = imaptest_lines()
    assert lines
    for name, line in lines:
        octets = line.replace("$uid", "").replace("$tag", "t1").encode() + b"\r\n"
        (got,) = responses(octets, chunk=50)
        assert isinstance(got, KINDS[line.split()[1]]), (name, line)


def test_a_search_and_an_extended_one_say_the_same() -> None:
    found = responses(b'* SEARCH 5 1 2 3\r\n* ESEARCH (TAG "x") UID ALL 1:3,5 COUNT 4\r\n', chunk=9)
    numbers = [each.numbers for each in found if isinstance(each, Found)]
    assert numbers == [NumberSet.spanning([(1, 3), (5, 5)])] * 2
