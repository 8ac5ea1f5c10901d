"""The content type that a caller gives for an attachment, taken apart (RFC 2045 §5.1).

Strict, unlike the reader: what is not well formed is refused, so nothing of it reaches a header.
"""

from __future__ import annotations

import re
from typing import Final

from hongyan.errors import InvalidArgument
from hongyan.guard import argument

_NAME: Final = r"[!#$%&'*+\-.^_`{|}~0-9A-Za-z]{1,127}"
_TYPE: Final = re.compile(rf"({_NAME})/({_NAME})")
_PARAMETER: Final = re.compile(
    rf' *; *({_NAME})=(?:({_NAME})|"((?:[^"\\\x00-\x1f\x7f-\U0010ffff]|\\[\x20-\x7e])*+)")'
)
_ESCAPED: Final = re.compile(r"\\(.)")


def parse_content_type(field: str, value: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the media type in lower case and its parameters, or raise `InvalidArgument`.

    A multipart is refused: its boundary belongs to its content, which `build` would not know.
    """
    argument(field, value)
    found = _TYPE.match(value)
    if not found:
        raise InvalidArgument(field, "is not of the form type/subtype")
    if found[1].lower() == "multipart":
        raise InvalidArgument(field, "an attachment cannot be a multipart")
    parameters = []
    at = found.end()
    while at < len(value):
        parameter = _PARAMETER.match(value, at)
        if not parameter:
            raise InvalidArgument(field, "has a parameter that is not well formed")
        content = parameter[2] or _ESCAPED.sub(r"\1", parameter[3])
        parameters.append((parameter[1].lower(), content))
        at = parameter.end()
    return found[0].lower(), parameters
