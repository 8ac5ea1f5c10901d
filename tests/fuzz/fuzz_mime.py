"""Reading mail: `one` raises only on a bug."""

from __future__ import annotations

import json

from hongyan.mime import email_object, header, names, nested, parse
from hongyan.mime.html import sanitise, to_text


def one(data: bytes) -> None:
    """Read ``data`` as a message, as HTML, as a header value, as a file name."""
    message = parse(data)
    json.dumps(email_object(message))
    for part in message.parts:
        assert part.header_start <= part.body_start <= part.body_end <= len(message.raw)
        assert b"".join(part.chunks()) == part.content() or part.encoding.value != "binary"
        if part.content_type == "message/rfc822":
            _ = nested(part).subject
        if part.filename:
            assert len(names.safe(part.filename).encode()) <= 255
    header.parameterised(data)
    text = data.decode("utf-8", "replace")
    sanitise(text)
    to_text(text)
