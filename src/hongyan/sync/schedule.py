"""When to look again: pure decisions about intervals, back-off, and what it is that one waits for.

Pauses grow with every failure of a kind that passes by itself, and are long at once where only a
person can help, so that no server is hammered and no account locked. All of them vary a little, so
that many accounts, and many people's machines, do not knock at the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from hongyan import errors
from hongyan.sync.activity import Doing

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL: Final = 300.0  # seconds between two visits where nothing calls us
_JITTER: Final = 0.1

_SOON: Final = (30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
_LATER: Final = (300.0, 900.0, 3600.0)
_LATE: Final = (3600.0, 14400.0)


class _Trouble(NamedTuple):
    kind: type[BaseException]
    state: Doing
    pauses: tuple[float, ...]
    remedy: str


# The first that fits decides.
_TROUBLES: Final = (
    _Trouble(errors.TLSFailed, Doing.FAILED, _LATER, "check the server's name, and the clock here"),
    _Trouble(errors.NetworkError, Doing.WAITING, _SOON, ""),
    _Trouble(errors.AuthenticationRefused, Doing.FAILED, _LATE, "check the name and the password"),
    _Trouble(errors.Refused, Doing.FAILED, _LATER, "the server's own words say why"),
    _Trouble(errors.ProtocolError, Doing.FAILED, _LATER, "'hongyan wire' shows what it says"),
    _Trouble(errors.Busy, Doing.WAITING, _SOON, ""),
    _Trouble(errors.StoreError, Doing.FAILED, _SOON, "check the disk and its rights"),
    _Trouble(errors.HongyanError, Doing.FAILED, _LATE, "'hongyan account test' tells more"),
    _Trouble(Exception, Doing.FAILED, _LATE, "this is a defect of the program: please report it"),
)
_TEMPORARY: Final = _Trouble(errors.Refused, Doing.WAITING, _SOON, "")


@dataclass(frozen=True, slots=True)
class Pause:
    """How long to leave something alone, and why: nothing to say when all went well.

    ``code`` is the kind of the error, see `hongyan.errors.code_of`.
    """

    seconds: float
    state: Doing = Doing.IDLE
    words: str = ""
    remedy: str = ""
    code: str = ""


class Schedule:
    """The pauses of one piece of work; ``random`` gives numbers from 0 to 1."""

    def __init__(self, random: Callable[[], float], *, interval: float = INTERVAL) -> None:
        self._random = random
        self._interval = interval
        self._failures = 0

    def done(self) -> Pause:
        """Return the pause after it went well."""
        self._failures = 0
        return Pause(self._varied(self._interval))

    def failed(self, error: Exception) -> Pause:
        """Return the pause after ``error``."""
        trouble = _trouble(error)
        seconds = trouble.pauses[min(self._failures, len(trouble.pauses) - 1)]
        self._failures += 1
        words = str(error) if isinstance(error, errors.HongyanError) else type(error).__name__
        # never shorter than told: a server that asks for time gets it
        seconds *= 1 + _JITTER * self._random()
        return Pause(seconds, trouble.state, words, trouble.remedy, errors.code_of(error))

    def forgive(self) -> None:
        """Begin with short pauses again: the person asked, or the machine has just woken up."""
        self._failures = 0

    def _varied(self, seconds: float) -> float:
        return seconds * (1 + _JITTER * (2 * self._random() - 1))


def _trouble(error: Exception) -> _Trouble:
    if isinstance(error, errors.Refused) and error.temporary:
        return _TEMPORARY
    return next(each for each in _TROUBLES if isinstance(error, each.kind))
