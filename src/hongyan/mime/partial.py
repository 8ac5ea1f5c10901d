"""message/partial put together again (RFC 2046 §5.2.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hongyan.mime.message import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.mime.message import Message

FRAGMENT_LIMIT: Final = 1000
_OF_THE_WHOLE: Final = re.compile(
    rb"content-|(?:subject|message-id|encrypted|mime-version)\Z", re.IGNORECASE
)


def join(fragments: Iterable[Message]) -> Message | None:
    """Return the message that ``fragments`` (any order) make up, or None while one is missing.

    The header is the first fragment's own, save the fields that describe the whole, which come from
    the message within it (RFC 2046 §5.2.2.1).
    """
    numbered: dict[int, Message] = {}
    total = 0
    for fragment in fragments:
        parameters = fragment.parts[0].parameters
        numbered.setdefault(_number(parameters.get("number", "")), fragment)
        total = total or _number(parameters.get("total", ""))
    if not 0 < total <= FRAGMENT_LIMIT or any(n not in numbered for n in range(1, total + 1)):
        return None
    inner = b"".join(numbered[n].parts[0].raw_body for n in range(1, total + 1))
    whole = parse(inner)
    outer = [one for one in numbered[1].headers if not _OF_THE_WHOLE.match(one[0])]
    kept = [one for one in whole.headers if _OF_THE_WHOLE.match(one[0])]
    lines = b"".join(name + b":" + value + b"\r\n" for name, value in (*outer, *kept))
    return parse(lines + b"\r\n" + inner[whole.parts[0].body_start :])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
