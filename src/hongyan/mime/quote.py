"""Text of a received message, made fit for an answer: subject prefixes, quoted lines (RFC 3676 §5).

Each function takes any text, works in linear time and gives text that can be sent: without control
characters or halves of characters, save tabs and line ends in a body.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

_LONGEST_SUBJECT: Final = 500
_CONTROLS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_BLANKS: Final = re.compile(rf"[{_CONTROLS}\t\n ]+")
_BODY_CONTROLS: Final = re.compile(rf"[{_CONTROLS}]")
_NEWLINE: Final = re.compile(r"\r\n?")
_SIGNATURE: Final = re.compile(r"(?:\A|\n)-- \n")

# "Re" and what clients of other languages write for it, "Re[2]" and "Re(3)" too.
_COUNT: Final = r"(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?"
_RE: Final = re.compile(
    rf"(?:(?:re|aw|sv|vs|antw|odp|回复|回覆|答复|答覆|回信|返信|답장|ответ){_COUNT}\s?[:：]\s*)+",
    re.IGNORECASE,
)
_FWD: Final = re.compile(
    rf"(?:(?:fwd?|wg|tr|vb|rv|enc|转发|轉寄|轉發|転送|전달){_COUNT}\s?[:：]\s*)+", re.IGNORECASE
)


def one_line(text: str) -> str:
    """Return ``text`` on one line, runs of blanks and controls as one space."""
    return _BLANKS.sub(" ", text).strip(" ")


def several_lines(text: str) -> str:
    r"""Return ``text`` with ``\n`` alone at its line ends and without control characters."""
    return _BODY_CONTROLS.sub("", _NEWLINE.sub("\n", text))


def re_subject(subject: str) -> str:
    """Return the subject of a reply: ``Re: `` once, whatever stood before it."""
    return _prefixed("Re: ", _RE, subject)


def fwd_subject(subject: str) -> str:
    """Return the subject of a forwarded message: ``Fwd: `` once."""
    return _prefixed("Fwd: ", _FWD, subject)


def quoted(text: str) -> str:
    """Return ``text`` with ``>`` before each line, without the signature and blank lines around."""
    text = several_lines(text)
    signature = _SIGNATURE.search(text)
    if signature:
        text = text[: signature.start()]
    lines = text.strip("\n").split("\n")
    return "".join(f"{_quoted_line(line.rstrip())}\n" for line in lines)


def quoted_html(html: str, heading: str) -> str:
    """Return a sanitised fragment of HTML as a quotation below the plain text ``heading``."""
    lines = "<br>".join(map(escape, several_lines(heading).split("\n")))
    body = several_lines(html)
    return f'<p><br></p><p>{lines}</p><blockquote type="cite">{body}</blockquote>'


def _quoted_line(line: str) -> str:
    return f">{line}" if not line or line.startswith(">") else f"> {line}"


def _prefixed(prefix: str, known: re.Pattern[str], subject: str) -> str:
    subject = one_line(subject[: _LONGEST_SUBJECT * 4])
    found = known.match(subject)
    rest = subject[found.end() :] if found else subject
    return (prefix + rest[:_LONGEST_SUBJECT]).rstrip()
