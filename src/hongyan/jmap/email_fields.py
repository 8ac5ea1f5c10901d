"""The header of a message that a client creates: properties become fields (RFC 8621 §4.6)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import InvalidArgument
from hongyan.jmap import email_headers
from hongyan.jmap.arguments import Arguments, array, optional, text
from hongyan.jmap.errors import Json, MethodError, NotSet
from hongyan.mime import Address, encode
from hongyan.mime.jmap import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.jmap.email_headers import HeaderProperty

# The properties that stand for a field, and the form in which they give it.
CONVENIENT: Final = {
    "messageId": ("Message-ID", Form.MESSAGE_IDS),
    "inReplyTo": ("In-Reply-To", Form.MESSAGE_IDS),
    "references": ("References", Form.MESSAGE_IDS),
    "sender": ("Sender", Form.ADDRESSES),
    "from": ("From", Form.ADDRESSES),
    "to": ("To", Form.ADDRESSES),
    "cc": ("Cc", Form.ADDRESSES),
    "bcc": ("Bcc", Form.ADDRESSES),
    "replyTo": ("Reply-To", Form.ADDRESSES),
    "subject": ("Subject", Form.TEXT),
    "sentAt": ("Date", Form.DATE),
}
_ORDER: Final = (
    "date", "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "message-id",
    "in-reply-to", "references",
)  # fmt: skip
_texts = array(text)


def take_fields(given: Json, *, in_part: bool) -> dict[str, bytes]:
    """Take the properties that give header fields out of ``given``; return fields by lower name.

    Raises `NotSet`.
    """
    found: dict[str, tuple[str, bytes]] = {}
    for property_ in [*given]:
        wanted = _wanted(property_, in_part=in_part)
        if wanted is None:
            continue
        name, form, every = wanted
        value = given.pop(property_)
        if name.lower() in found:
            raise NotSet("invalidProperties", f"{name} is given twice", property_)
        try:
            field = b"" if value is None else _fields(name, form, value, every=every)
        except (ValueError, MethodError, InvalidArgument) as error:
            raise NotSet("invalidProperties", f"{property_}: {error}", property_) from None
        found[name.lower()] = (property_, field)
    return {name: found[name][1] for name in sorted(found, key=_place)}


def _wanted(property_: str, *, in_part: bool) -> tuple[str, Form, bool] | None:
    """Return the field that a property gives, its form, and whether it gives several."""
    if not in_part and property_ in CONVENIENT:
        return (*CONVENIENT[property_], False)
    if not property_.startswith("header:"):
        return None
    header: HeaderProperty | None = email_headers.parse(property_)
    name = property_.split(":")[1]
    if header is None or not _is_allowed(name.lower(), in_part=in_part):
        raise NotSet("invalidProperties", f"{name} cannot be given like this", property_)
    return name, header.form, header.all


def _is_allowed(name: str, *, in_part: bool) -> bool:
    """Whether a field may be given: those of the content belong to parts alone, by their names."""
    if in_part:
        return name.startswith("content-") and name != "content-transfer-encoding"
    return not name.startswith("content-") and name != "mime-version"


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _fields(name: str, form: Form, value: object, *, every: bool) -> bytes:
    values: list[object] = array(lambda each: each)(value) if every else [value]
    return b"".join(_FORMS[form](name, each) for each in values)


def addresses(value: object) -> list[Address]:
    """Read EmailAddress objects. Raises `ValueError`, `MethodError`."""
    return [_address(each) for each in array(lambda each: each)(value)]


def _address(value: object) -> Address:
    if not isinstance(value, dict):
        raise ValueError("has an address that is no object")
    fields = Arguments(value)
    name = fields.take("name", optional(text), None)
    email = fields.take("email", text)
    fields.end()
    return Address(name or None, email)


def _of_addresses(name: str, value: object) -> bytes:
    found = addresses(value)
    return encode.draft_address_field(name, found) if found else b""


def _of_groups(name: str, value: object) -> bytes:
    groups = []
    for each in array(lambda each: each)(value):
        if not isinstance(each, dict):
            raise ValueError("has a group that is no object")
        title = optional(text)(each.get("name"))
        groups.append((title, addresses(each.get("addresses"))))
    return encode.group_field(name, groups) if groups else b""


def _of_ids(name: str, value: object) -> bytes:
    found = _texts(value)
    return encode.identifier_field(name, found) if found else b""


def _of_date(name: str, value: object) -> bytes:
    try:
        return encode.date_field(name, datetime.fromisoformat(text(value)))
    except ValueError:
        raise ValueError("is no Date") from None


def _of_urls(name: str, value: object) -> bytes:
    found = _texts(value)
    return encode.url_field(name, found) if found else b""


_FORMS: Final[dict[Form, Callable[[str, Any], bytes]]] = {
    Form.RAW: lambda name, value: encode.raw_field(name, text(value)),
    Form.TEXT: lambda name, value: encode.text_field(name, text(value)),
    Form.ADDRESSES: _of_addresses,
    Form.GROUPED_ADDRESSES: _of_groups,
    Form.MESSAGE_IDS: _of_ids,
    Form.DATE: _of_date,
    Form.URLS: _of_urls,
}


def joined(fields: Iterable[bytes]) -> bytes:
    """Return fields as one."""
    return b"".join(fields)
