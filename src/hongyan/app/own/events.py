"""Our own events: what the workers do and what the wires carry, handed to whoever listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from hongyan.app.own.activity import activity_json
from hongyan.app.own.wire import connection_json, line_json

if TYPE_CHECKING:
    from hongyan.jmap.errors import Json
    from hongyan.net.ring import Numbered, Ring
    from hongyan.sync.activity import Activities, Activity

ACTIVITY: Final = "activity"
WIRE: Final = "wire"
EVENTS: Final = frozenset({ACTIVITY, WIRE})


class Publisher(Protocol):
    """Where events go: see `hongyan.server.hub.Hub`."""

    def publish(self, name: str, data: Json) -> None:
        """Tell those who asked for events of that name."""

    def wants(self, name: str) -> bool:
        """Whether anybody asked for events of that name."""


def relay(activities: Activities, ring: Ring, publisher: Publisher) -> None:
    """Publish every change of an activity, and every line while somebody wants lines."""

    def tell_activity(activity: Activity) -> None:
        if publisher.wants(ACTIVITY):
            publisher.publish(ACTIVITY, activity_json(activity))

    def tell_line(numbered: Numbered) -> None:
        if publisher.wants(WIRE) and (connection := ring.connection(numbered.of)):
            lines = [line_json(connection, numbered)]
            publisher.publish(WIRE, {"connection": connection_json(connection), "lines": lines})

    activities.subscribe(tell_activity)
    ring.subscribe(tell_line)
