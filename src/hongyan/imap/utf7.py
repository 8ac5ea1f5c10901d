"""Modified UTF-7, the old spelling of mailbox names (RFC 3501 §5.1.3; RFC 9051 Appendix A).

`encode` is total for what a name may hold. `decode` refuses what `encode` would have written
otherwise, so a name that decodes goes back to the server as the octets that it came as; for others
the caller keeps the octets.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_PRINTABLE: Final = re.compile(r"[^\x20-\x7e]+|&")
_SHIFTED: Final = re.compile(rb"&([^&-]*+)-")


def encode(name: str) -> bytes:
    """Return ``name`` in modified UTF-7. Raises UnicodeEncodeError for lone surrogates."""
    return _PRINTABLE.sub(lambda found: _shift(found[0]), name).encode("ascii")


def decode(octets: bytes) -> str:
    """Return the name that ``octets`` spell. Raises ValueError unless they are its one spelling."""
    name = _SHIFTED.sub(lambda found: _unshift(found[1]), octets).decode("utf-8")
    if encode(name) != octets:
        raise ValueError("no modified UTF-7")
    return name


def _shift(text: str) -> str:
    if text == "&":
        return "&-"
    encoded = base64.b64encode(text.encode("utf-16-be")).decode("ascii")
    return f"&{encoded.rstrip('=').replace('/', ',')}-"


def _unshift(encoded: bytes) -> bytes:
    if not encoded:
        return b"&"
    padded = encoded.replace(b",", b"/") + b"=" * (-len(encoded) % 4)
    try:
        octets = base64.b64decode(padded, validate=True)
    except binascii.Error:
        raise ValueError("no modified base64") from None
    return octets.decode("utf-16-be").encode()
