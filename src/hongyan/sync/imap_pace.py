"""Whether headers are fetched before bodies, and for how long: a matter of the pace of things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_HEADER: Final = 3_000  # octets that a header has, and
_STORED: Final = 1 / 2_500  # seconds that storing one takes


@dataclass(frozen=True, slots=True)
class Patience:
    """What is waited for: whole messages for ``seconds``, and fewer than ``fewest`` anyhow.

    What came in less than ``evidence`` seconds proves no pace. Headers have to be there ``gain``
    times sooner than whole messages to be worth storing each message twice.

    After fetching for ``turn`` seconds one looks again for what is new and tells what was changed
    here, and then goes on; where looking takes long, it is left to a tenth of the time.
    """

    seconds: float = 20.0
    fewest: int = 150
    evidence: float = 0.25
    gain: float = 3.0
    turn: float = 60.0

    def turn_after(self, looking: float) -> float:
        """Return how many seconds to fetch after having looked for so many."""
        return max(self.turn, 10 * looking)


USUAL: Final = Patience()


@dataclass(frozen=True, slots=True)
class Pace:
    """What has come: whole messages, their octets, and in how many seconds."""

    messages: int = 0
    octets: int = 0
    seconds: float = 0.0


NONE_YET: Final = Pace()


def pace_by_headers(sizes: Collection[int], octets: int, seconds: float) -> Pace:
    """Return the pace at which messages of ``sizes`` would come, of which the headers did."""
    whole = sum(sizes)
    return Pace(len(sizes), whole, seconds * whole / octets if octets else 0.0)


def headers_first(waiting: int, came: Pace, patience: Patience) -> bool:
    """Decide whether the headers of the messages that wait are to be fetched before their bodies.

    That is so where the line is slow for what is on the server, and it is the line that is waited
    for; else all is there soon, or headers would come not much sooner.
    """
    if waiting < patience.fewest or not came.messages or came.seconds < patience.evidence:
        return False
    bodies = waiting * came.seconds / came.messages
    headers = waiting * (_HEADER * came.seconds / max(came.octets, 1) + _STORED)
    return bodies > patience.seconds and bodies > patience.gain * headers
