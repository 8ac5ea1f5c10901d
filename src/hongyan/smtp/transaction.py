"""One submission under way: what was sent of it, what was said to it, and what that amounts to.

Its invariant: a recipient is *uncertain* only when the content's end may have left and no reply
decided; whatever a reply decided stays decided when the line breaks afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, Refused
from hongyan.smtp import wire
from hongyan.smtp.envelope import Delivery, Outcome, Receipt
from hongyan.smtp.parameters import Opening
from hongyan.smtp.types import Protocol, Reply, Verb

if TYPE_CHECKING:
    from hongyan.smtp.envelope import Submission

_NOTHING: Final = Opening("", ())
_TOO_MANY: Final = "the server takes no more recipients at once; to be sent in a message of its own"
_LOST: Final = "the line was lost before the server confirmed; it may have been accepted"


class Transaction:
    """A submission between its first command and its receipt."""

    __slots__ = (
        "_data",
        "_finals",
        "_mail",
        "_protocol",
        "_rcpts",
        "closing",
        "ended",
        "error",
        "finished",
        "octets",
        "opening",
        "owed",
        "submission",
    )

    def __init__(self, submission: Submission, protocol: Protocol) -> None:
        self.submission = submission
        self.opening = _NOTHING
        self.ended = False  # the content's end may have left
        self.finished = False  # nothing more will be sent of it
        self.octets = 0  # of content that wait for their reply
        self.owed = 0  # replies to come
        self.closing: Reply | None = None  # 421: nothing is done that was not confirmed before
        self._protocol = protocol
        self.disbelieve()

    def disbelieve(self) -> None:
        """Begin without replies, or forget those there were: they cannot belong to the commands."""
        self.error: Refused | InvalidArgument | None = None
        self._mail: Reply | None = None
        self._rcpts: list[Reply] = []
        self._data: Reply | None = None
        self._finals: list[Reply] = []

    def take(self, reply: Reply) -> None:
        """Note what the server said to one of its commands."""
        match reply.verb:
            case Verb.MAIL:
                self._mail = reply
                self.error = None if reply.positive else wire.refusal(reply)
            case Verb.RCPT:
                self._rcpts.append(reply)
            case Verb.DATA | Verb.BDAT:
                self._data = reply if self._data is None or self._data.positive else self._data
            case Verb.CONTENT | Verb.LAST:
                self._finals.append(reply)
            case _:
                pass

    @property
    def over(self) -> bool:
        """Whether all has been sent, or will never be, and all has been answered."""
        return self.finished and not self.owed

    @property
    def hopeless(self) -> bool:
        """Whether by what is known nobody will get it."""
        opened = self.error is None and (self._data is None or self._data.positive)
        everyone_asked = len(self._rcpts) == len(self.opening.rcpts)
        return not opened or (everyone_asked and not self._accepted)

    @property
    def refused(self) -> bool:
        """Whether the server has said that nobody gets it."""
        final_no = any(not reply.positive for reply in self._finals)
        return self.hopeless or final_no or self.closing is not None

    @property
    def _accepted(self) -> int:
        return sum(reply.positive for reply in self._rcpts)

    def receipt(self) -> Receipt:
        """Return what became of each recipient, as far as it can be known now."""
        envelope = self.submission.envelope
        deliveries = tuple(self._delivery(at, each) for at, each in enumerate(envelope.recipients))
        return Receipt(envelope, deliveries, self.error, self.opening.left_out)

    def _delivery(self, at: int, recipient: str) -> Delivery:
        if self.error is not None:
            later = isinstance(self.error, Refused) and self.error.temporary
            outcome = Outcome.DEFERRED if later else Outcome.REFUSED
            return Delivery(recipient, outcome, self._mail, str(self.error))
        if at >= len(self.opening.rcpts):
            return Delivery(recipient, Outcome.DEFERRED, None, _TOO_MANY)
        reply = self._decisive(at)
        if reply is None:
            return Delivery(recipient, Outcome.UNCERTAIN, None, _LOST)
        return Delivery(recipient, wire.outcome(reply), reply)

    def _decisive(self, at: int) -> Reply | None:
        """Return the reply that decides for the recipient number ``at``, if there is one by now."""
        if at < len(self._rcpts) and not self._rcpts[at].positive:
            return self._rcpts[at]
        if self._data is not None and not self._data.positive:
            return self._data
        lmtp = self._protocol is Protocol.LMTP
        final = sum(reply.positive for reply in self._rcpts[:at]) if lmtp else 0
        asked = at < len(self._rcpts)
        return self._finals[final] if asked and final < len(self._finals) else self.closing
