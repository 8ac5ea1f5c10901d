"""Sets of messages whose authors say what they mean; the share that holds is printed.

Every miss must be listed with its reason in ``docs/decisions/0010-mime-expectations.md``: a check
is named ``set:file:what``, and the page names it or its file.
"""

from __future__ import annotations

import fnmatch
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hongyan.mime import Message, Part, address, date, email_object, header, nested, parse
from hongyan.mime.html import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
EXPLAINED = ROOT / "docs" / "decisions" / "0010-mime-expectations.md"
Check = tuple[str, object, object]  # name, expected, found

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


# stalwart-mail-parser: unit tables


def value_of(text: str) -> bytes:
    """Return the raw value of the first header in ``text``, which goes on with other lines."""
    return parse(b"X:" + text.encode()).header("x") or b""


def pairs(addresses: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    return [(one["name"], one["address"] or "") for one in addresses]


def address_found(value: bytes, expected: Any) -> object:
    if expected and "Group" in expected:
        return [
            (group.name, [(one.name, one.email) for one in group.addresses])
            for group in address.groups(value)
        ]
    return [(one.name, one.email) for one in address.mailboxes(value)]


def address_wanted(expected: Any) -> object:
    if expected and "Group" in expected:
        return [(group["name"], pairs(group["addresses"])) for group in expected["Group"]]
    return pairs(expected["List"]) if expected else []


def date_wanted(expected: Any) -> object:
    if expected is None:
        return None
    sign = "-" if expected["tz_before_gmt"] else "+"
    return (
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}".format(**expected)
        + f"{sign}{expected['tz_hour']:02}:{expected['tz_minute']:02}"
    )


def date_found(value: bytes | str) -> str | None:
    found = date.parse(value)
    return found.isoformat() if found else None


def type_wanted(expected: Any) -> object:
    if expected is None:
        return None
    kind = expected["c_type"].lower()
    if expected.get("c_subtype"):
        kind += "/" + expected["c_subtype"].lower()
    attributes: dict[str, str] = {}
    for attribute in expected.get("attributes") or ():
        name, value = attribute.values() if isinstance(attribute, dict) else attribute
        attributes.setdefault(name, value)
    return kind, attributes


def type_found(value: bytes) -> object:
    found = header.parameterised(value)
    if not found.value or found.value.startswith("/"):
        return None
    languages = {f"{name}-language": tag for name, tag in found.languages.items()}
    return found.value.rstrip("/"), {**found.parameters, **languages}


TABLES: dict[str, tuple[Callable[[str], object], Callable[[Any], object]]] = {
    "content_type": (lambda text: type_found(value_of(text)), type_wanted),
    "date": (lambda text: date_found(value_of(text)), date_wanted),
    "id": (lambda text: list(header.message_ids(value_of(text))) or None, lambda wanted: wanted),
    "list": (
        lambda text: [one.strip() for one in header.text(value_of(text)).split(",") if one.strip()],
        lambda wanted: wanted,
    ),
    "unstructured": (lambda text: header.text(value_of(text)), lambda wanted: wanted),
}


def stalwart_tables() -> Iterator[Check]:
    folder = CORPUS / "stalwart-mail-parser"
    for table, (find, want) in TABLES.items():
        for number, case in enumerate(load(folder / f"{table}.json")):
            yield f"{table}:{number}", want(case["expected"]), find(case["header"])
    for number, case in enumerate(load(folder / "address.json")):
        expected = case["expected"]
        found = address_found(value_of(case["header"]), expected)
        yield f"address:{number}", address_wanted(expected), found


# stalwart-mail-parser: whole messages


def lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def header_checks(name: str, part: Part, headers: list[dict[str, Any]]) -> Iterator[Check]:
    fields = iter(part.headers)
    for expected in headers:
        value = next(fields, (b"", b""))[1]
        kind, wanted = (
            next(iter(expected["value"].items()))
            if isinstance(expected["value"], dict)
            else (expected["value"], None)
        )
        here = f"{name}:{expected['name'] if isinstance(expected['name'], str) else 'other'}"
        if kind == "Address":
            yield here, address_wanted(wanted), address_found(value, wanted)
        elif kind == "DateTime":
            yield here, date_wanted(wanted), date_found(value)
        elif kind == "ContentType":
            yield here, type_wanted(wanted), type_found(value)
        elif kind in {"Text", "TextList"}:
            one = [wanted] if isinstance(wanted, str) else wanted
            if str(expected["name"]) in {"message_id", "references", "in_reply_to", "content_id"}:
                yield here, one, list(header.message_ids(value))
            elif kind == "Text" and expected["name"] != "return_path":
                yield here, squeeze(str(wanted)), squeeze(header.text(value))


def part_checks(name: str, part: Part, expected: dict[str, Any]) -> Iterator[Check]:
    yield from header_checks(name, part, expected["headers"])
    body = expected["body"]
    kind = body if isinstance(body, str) else next(iter(body))
    if kind == "Multipart":
        yield f"{name}:parts", body[kind], part.children
    elif kind == "Message":
        yield f"{name}:type", True, part.content_type in {"message/rfc822", "message/global"}
        yield from message_checks(name, nested(part), body[kind])
    elif kind in {"Text", "Html"}:
        yield f"{name}:text", lines(body[kind]), part.text()
    elif kind in {"Binary", "InlineBinary"}:
        yield f"{name}:content", bytes(body[kind]), part.content()


def message_checks(name: str, message: Message, expected: dict[str, Any]) -> Iterator[Check]:
    yield f"{name}:textBody", expected["text_body"], [p.index for p in message.body.text]
    yield f"{name}:htmlBody", expected["html_body"], [p.index for p in message.body.html]
    attachments = [p.index for p in message.body.attachments]
    yield f"{name}:attachments", expected["attachments"], attachments
    yield f"{name}:count", len(expected["parts"]), len(message.parts)
    if len(expected["parts"]) != len(message.parts):
        return  # one miss; nothing below it can be compared
    for index, (part, wanted) in enumerate(zip(message.parts, expected["parts"], strict=False)):
        yield from part_checks(f"{name}/{index}", part, wanted)


def stalwart_messages() -> Iterator[Check]:
    folder = CORPUS / "stalwart-mail-parser" / "eml"
    for path in sorted(folder.rglob("*.eml")):
        raw = path.read_bytes()
        name = f"{path.parent.name}/{path.stem}"
        yield from message_checks(name, parse(raw), load(path.with_suffix(".json")))
        crlf = re.sub(rb"(?<!\r)\n", b"\r\n", raw)
        yield from message_checks(f"{name}.crlf", parse(crlf), load(path.with_suffix(".crlf.json")))


# mime4j: structure and decoded bodies


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def mime4j_part(
    name: str, folder: Path, message: Message, part: Part, node: Any
) -> Iterator[Check]:
    fields = [
        re.sub(r"^(\S+) :", r"\1:", squeeze(field.text or ""))
        for field in node.iterfind("header/field")
    ]
    found = [
        squeeze((key + b":" + value).decode("utf-8", "replace")) for key, value in part.headers
    ]
    yield f"{name}:fields", len(fields), len(found)
    for number, (wanted_field, found_field) in enumerate(zip(fields, found, strict=False)):
        yield f"{name}:field{number}", wanted_field, found_field
    if (inner := node.find("message")) is not None:
        whole = nested(part)
        yield from mime4j_part(f"{name}/m", folder, whole, whole.parts[0], inner)
    elif (multipart := node.find("multipart")) is not None:
        children = multipart.findall("body-part")
        yield f"{name}:parts", len(children), len(part.children)
        for index, (child, at) in enumerate(zip(children, part.children, strict=False)):
            yield from mime4j_part(f"{name}/{index}", folder, message, message.parts[at], child)
    elif (text := node.find("text-body")) is not None:
        wanted = (folder / text.get("name")).read_bytes()
        yield f"{name}:text", wanted, part.content()
    elif (binary := node.find("binary-body")) is not None:
        wanted = (folder / binary.get("name")).read_bytes()
        yield f"{name}:content", wanted, part.content()


def mime4j() -> Iterator[Check]:
    folder = CORPUS / "mime4j" / "testmsgs"
    for path in sorted(folder.glob("*.msg")):
        message = parse(path.read_bytes())
        tree = ET.fromstring(path.with_name(f"{path.stem}_decoded.xml").read_text("utf-8"))
        yield from mime4j_part(path.stem, folder, message, message.parts[0], tree)


# mimekit: pairs of encoders, message/partial


def mimekit() -> Iterator[Check]:
    folder = CORPUS / "mimekit" / "encoders"
    pairs_ = {"photo.b64": "base64", "photo.uu": "x-uuencode", "wikipedia.qp": "quoted-printable"}
    plain = {"photo.b64": "photo.jpg", "photo.uu": "photo.jpg", "wikipedia.qp": "wikipedia.txt"}
    for encoded, encoding in pairs_.items():
        head = f"Content-Transfer-Encoding: {encoding}\n\n".encode()
        part = parse(head + (folder / encoded).read_bytes()).parts[0]
        wanted = (folder / plain[encoded]).read_bytes()
        yield f"encoders:{encoded}", wanted, part.content()
        yield f"encoders:{encoded}:chunks", wanted, b"".join(part.chunks())


def stalwart() -> Iterator[Check]:
    yield from stalwart_tables()
    yield from stalwart_messages()


# all sets: whatever a message is, it is read, and no character is lost


def every_message() -> Iterator[tuple[str, bytes]]:
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix in {".eml", ".msg", ".txt", ".mbox"} and "LICENSE" not in path.name:
            yield str(path.relative_to(CORPUS)), path.read_bytes()


def shown(message: Message, depth: int = 0) -> Iterator[str]:
    """Yield every text of a message that a person sees, and of the messages within."""
    yield message.subject
    yield from (f"{one.name} {one.email}" for one in (*message.from_, *message.to, *message.cc))
    for part in message.parts:
        yield part.filename or ""
        if part.content_type.startswith("text/"):
            yield part.text()
        if part.content_type in {"message/rfc822", "message/global"} and depth < 5:
            yield from shown(nested(part), depth + 1)
    yield from (message.text, message.preview, to_text(message.html or ""))


def robust(folder: str) -> Callable[[], Iterator[Check]]:
    """Return the checks of a set without expectations: read whole, with nothing invented."""

    def checks() -> Iterator[Check]:
        for name, raw in every_message():
            if name.startswith(folder):
                message = parse(raw)
                json.dumps(email_object(message))
                written = "\ufffd".encode() in raw
                lost = not written and any("\ufffd" in text for text in shown(message))
                yield f"{name}:replacement", False, lost

    return checks


SETS = {
    "stalwart": stalwart,
    "mime4j": mime4j,
    "mimekit": mimekit,
    "postal-mime": robust("postal-mime"),
    "ruby-mail": robust("ruby-mail"),
    "cpython-email": robust("cpython-email"),
    "every message": robust(""),
}


def explained(name: str) -> bool:
    """Tell whether the decision page names the miss, by itself or by a pattern."""
    patterns = re.findall(r"`([^`\s]+:[^`\s]+)`", EXPLAINED.read_text("utf-8"))
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@pytest.mark.parametrize("name", SETS)
def test_expectations_hold(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    checks = [(f"{name}:{what}", wanted, found) for what, wanted, found in SETS[name]()]
    misses = [check for check in checks if check[1] != check[2]]
    share = 100 - 100 * len(misses) / len(checks)
    with capsys.disabled():
        print(f"\n{name}: {share:.1f} % of {len(checks)} expectations hold")
    unexplained = [
        f"{what}\n  wanted {str(wanted)[:300]!r}\n  found  {str(found)[:300]!r}"
        for what, wanted, found in misses
        if not explained(what)
    ]
    assert not unexplained, "\n".join(unexplained)
    assert share >= 97
