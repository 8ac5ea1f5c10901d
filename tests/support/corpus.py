"""Where the shared corpus is, and what of it several tests read."""

from __future__ import annotations

import json
from pathlib import Path

CORPUS = Path(__file__).parent.parent.parent.parent / "shared" / "corpus"
OWN_NEWLINES = {"crlf": "\r\n", "lf": "\n", "cr": "\r", "nul": "\0", "nel": "\x85", "ls": "\u2028"}
HARMLESS = {"ew_crlf", "ew_lf_b64", "u010a", "u560a"}


def newlines(*, breaking: bool) -> list[str]:
    """The newline forms of the injection matrix; ``breaking`` leaves out those that are plain text.

    Encoded words and letters whose code points only look like CR and LF end no line.
    """
    path = CORPUS / "crlf-injection" / "matrix.json"
    if not path.exists():
        return list(OWN_NEWLINES.values())
    matrix = json.loads(path.read_text("utf-8"))["newlines"]
    return [
        bytes.fromhex(octets).decode("utf-8", "surrogatepass")
        for name, octets in matrix.items()
        if not (breaking and name in HARMLESS)
    ]
