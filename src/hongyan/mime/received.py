"""What an answer needs of a received message: two protocols, so that any reader of mail will do.

The names are those of RFC 8621 §4.1.2; message ids stand without angle brackets. The values come
from strangers and are believed in nothing.
"""

# ruff: noqa: D102 - `hongyan.mime.parser.Message` and `.part.Part` describe these
from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from hongyan.mime.types import Address


class ReceivedPart(Protocol):
    """What carrying a part on needs of it; `hongyan.mime.part.Part` is one."""

    @property
    def filename(self) -> str | None: ...
    @property
    def content_type(self) -> str: ...
    @property
    def charset(self) -> str | None: ...
    @property
    def cid(self) -> str | None: ...
    def chunks(self) -> Iterator[bytes]: ...


class Received(Protocol):
    """What an answer needs of a message; `hongyan.mime.parser.Message` is one."""

    @property
    def subject(self) -> str: ...
    @property
    def date(self) -> datetime | None: ...
    @property
    def from_(self) -> Sequence[Address]: ...
    @property
    def to(self) -> Sequence[Address]: ...
    @property
    def cc(self) -> Sequence[Address]: ...
    @property
    def reply_to(self) -> Sequence[Address]: ...
    @property
    def message_id(self) -> str: ...
    @property
    def in_reply_to(self) -> Sequence[str]: ...
    @property
    def references(self) -> Sequence[str]: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str | None: ...
    @property
    def attachments(self) -> Sequence[ReceivedPart]: ...
    def header(self, name: str) -> bytes | None: ...
