"""What an import does with each message before it is stored, in any process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hongyan import mime
from hongyan.store import Prepared, prepare
from hongyan.store.arrival import arrival_of
from hongyan.transfer import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from hongyan.store.packing import Dictionary

Octets: TypeAlias = "bytes | Callable[[], Iterator[bytes]]"
"""The octets of a message, or what will read them."""

Known: TypeAlias = "tuple[Dictionary | None, datetime]"
"""The dictionary, see `Blobs.dictionary`, and the time."""

_NOTHING: Final[frozenset[str]] = frozenset()


class Done(NamedTuple):
    """A message that is prepared: with its time of arrival, and the keywords that its head tells.

    ``told`` is None for a message that is deleted where it lies; the head of one that is a file of
    its own is not asked.
    """

    content: Prepared
    received_at: datetime
    told: frozenset[str] | None


def work(some: Sequence[Octets], known: Known) -> list[Done]:
    """Prepare some messages. Raises `OSError` when one cannot be read."""
    return [_done(each, *known) for each in some]


def _done(given: Octets, dictionary: Dictionary | None, now: datetime) -> Done:
    octets = given if isinstance(given, bytes) else b"".join(given())
    message = mime.parse(octets)
    told = sources.told(message) if octets is given else _NOTHING
    return Done(prepare(octets, message, dictionary), arrival_of(message, now), told)
