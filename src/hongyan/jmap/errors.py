"""The errors of JMAP: of a request (RFC 8620 §3.6.1), a method (§3.6.2), an object (§5.3).

The words in ``description`` are for the person; the type is for the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = dict[str, Any]

_URN = "urn:ietf:params:jmap:error:"


class RequestError(Exception):
    """The whole request is refused: a problem details object (RFC 7807) with an HTTP status."""

    def __init__(self, kind: str, detail: str, *, status: int = 400, limit: str = "") -> None:
        """Keep the kind (``notJSON``), the words, and the name of the limit that was passed."""
        super().__init__(detail)
        self.kind = kind
        self.status = status
        self.limit = limit

    def json(self) -> Json:
        """Return the problem details object."""
        problem = {"type": f"{_URN}{self.kind}", "status": self.status, "detail": str(self)}
        return {**problem, "limit": self.limit} if self.limit else problem


class MethodError(Exception):
    """One method call is refused; the others of the request go on."""

    def __init__(self, kind: str, description: str = "", **more: object) -> None:
        """Keep the type, the words and what else the RFC wants beside them."""
        super().__init__(description or kind)
        self.kind = kind
        self.description = description
        self.more = more

    def json(self) -> Json:
        """Return the arguments of the ``error`` response."""
        words = {"description": self.description} if self.description else {}
        return {"type": self.kind, **words, **self.more}


def invalid(name: str, reason: str) -> MethodError:
    """Return the error for an argument that cannot be taken."""
    return MethodError("invalidArguments", f"{name}: {reason}", arguments=[name])


@dataclass(frozen=True, slots=True)
class SetError:
    """Why one object was not created, changed or destroyed."""

    kind: str
    description: str = ""
    properties: tuple[str, ...] = ()
    more: Mapping[str, object] = field(default_factory=dict)

    def json(self) -> Json:
        """Return the SetError object."""
        found: Json = {"type": self.kind}
        if self.description:
            found["description"] = self.description
        if self.properties:
            found["properties"] = list(self.properties)
        return {**found, **self.more}


class NotSet(Exception):  # what happened to the object, not a fault
    """Raised inside a set for one object; carries the `SetError` that is answered."""

    def __init__(self, kind: str, description: str = "", *properties: str, **more: object) -> None:
        """Make the error."""
        super().__init__(description or kind)
        self.error = SetError(kind, description, properties, more)
