"""A message to be submitted, in whatever form the caller has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, SupportsBytes, TypeAlias

from hongyan.errors import InvalidArgument
from hongyan.smtp import BLOCK, Envelope, Submission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Message: TypeAlias = "bytes | SupportsBytes | Path"
"""Octets, anything that ``bytes()`` takes (such as the standard library's messages), or a file."""

Triple: TypeAlias = "tuple[Message, str, str | Iterable[str]]"
"""A message, its sender, and one or more recipients."""


@dataclass(frozen=True, slots=True)
class Content:
    """A message's octets in chunks, to be had more than once, and its size."""

    chunks: Callable[[], Iterator[bytes]]
    size: int

    def submission(self, sender: str, recipients: str | Iterable[str]) -> Submission:
        """Return the content with its envelope, ready to go."""
        return Submission(self.envelope(sender, recipients), self.chunks())

    def envelope(self, sender: str, recipients: str | Iterable[str]) -> Envelope:
        """Return the envelope that the content travels in."""
        everyone = (recipients,) if isinstance(recipients, str) else tuple(recipients)
        eight_bit = not all(chunk.isascii() for chunk in self.chunks())
        return Envelope(sender, everyone, size=self.size, eight_bit=eight_bit)


def content_of(message: Message) -> Content:
    """Return the content of a message. Raises `InvalidArgument` for a file that cannot be read."""
    if isinstance(message, Path):
        try:
            return Content(lambda: _file_chunks(message), message.stat().st_size)
        except OSError as error:
            raise InvalidArgument("message", f"{message}: {error.strerror}") from None
    if isinstance(message, str):
        raise InvalidArgument("message", "is text: give its octets, an EmailMessage or a Path")
    octets = bytes(message)
    return Content(
        lambda: (octets[at : at + BLOCK] for at in range(0, len(octets), BLOCK)), len(octets)
    )


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(BLOCK):
            yield chunk


def submissions(triples: Iterable[Triple]) -> Iterator[Submission]:
    """Yield a submission for each message, made when it is wanted."""
    for message, sender, recipients in triples:
        yield content_of(message).submission(sender, recipients)
