"""Where the text of a message lies in its octets, so that it is read again without parsing them.

That is possible where the text is one plain part of which nothing is taken out or joined, as most
mail is.
"""

from __future__ import annotations

from typing import NamedTuple

from hongyan.mime import charset
from hongyan.mime.transfer import Encoding, decode


class Place(NamedTuple):
    """A part's body at ``octets[start:end]``, its transfer encoding, and the charset it names."""

    start: int
    end: int
    encoding: Encoding
    charset: str | None

    def text(self, octets: bytes) -> str:
        """Return the text; ``octets`` are those of which `Message.place` told."""
        return text_of(decode(octets[self.start : self.end], self.encoding), self.charset)[0]


def text_of(content: bytes, label: str | None) -> tuple[str, bool]:
    """Return a part's content as text with LF line ends, and whether its charset was a problem."""
    text, problem = charset.decode_checked(content, label)
    return (text.replace("\r\n", "\n") if "\r\n" in text else text), problem
