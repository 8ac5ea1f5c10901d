"""Header properties of messages and parts: ``header:Name:asForm:all`` (RFC 8621 §4.1.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.mime.jmap import Form, header_form

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME: Final = re.compile(r"[!-9;-~]{1,255}")
_FORMS: Final = {form.value: form for form in Form}
_ADDRESSES: Final = ("from", "sender", "reply-to", "to", "cc", "bcc", "resent-from")
_MORE_ADDRESSES: Final = (
    "resent-sender",
    "resent-reply-to",
    "resent-to",
    "resent-cc",
    "resent-bcc",
)
_LISTS: Final = ("help", "unsubscribe", "subscribe", "post", "owner", "archive")

# Fields of RFC 5322 and 2369 have the forms that fit them; all others have every form.
_OWN_FORMS: Final[dict[str, frozenset[Form]]] = {
    **dict.fromkeys(
        (*_ADDRESSES, *_MORE_ADDRESSES), frozenset({Form.ADDRESSES, Form.GROUPED_ADDRESSES})
    ),
    **dict.fromkeys(("subject", "comments", "keywords"), frozenset({Form.TEXT})),
    **dict.fromkeys(
        ("message-id", "in-reply-to", "references", "resent-message-id"),
        frozenset({Form.MESSAGE_IDS}),
    ),
    **dict.fromkeys(("date", "resent-date"), frozenset({Form.DATE})),
    **dict.fromkeys((f"list-{name}" for name in _LISTS), frozenset({Form.URLS})),
    **dict.fromkeys(("return-path", "received"), frozenset()),
}


@dataclass(frozen=True, slots=True)
class HeaderProperty:
    """Which fields a property means, in which form, the last one or all."""

    field: bytes
    form: Form
    all: bool

    def of(self, fields: Iterable[tuple[bytes, bytes]]) -> object:
        """Return the value for the fields of a message or part."""
        values = [value for name, value in fields if name.lower() == self.field]
        if self.all:
            return [header_form(value, self.form) for value in values]
        return header_form(values[-1], self.form) if values else None


def parse(property_: str) -> HeaderProperty | None:
    """Return what a property that begins with ``header:`` means; None when it means nothing."""
    prefix, *pieces = property_.split(":")
    if prefix != "header" or not pieces or not _NAME.fullmatch(pieces[0]):
        return None
    name, *rest = pieces
    every = rest[-1:] == ["all"]
    rest = rest[:-1] if every else rest
    form = _FORMS.get(rest[0]) if rest else Form.RAW
    if len(rest) > 1 or form is None or not _fits(name.lower(), form):
        return None
    return HeaderProperty(name.lower().encode("ascii"), form, every)


def _fits(field: str, form: Form) -> bool:
    return form is Form.RAW or field not in _OWN_FORMS or form in _OWN_FORMS[field]
