"""Our own events: what workers and jobs do and what the wires carry, handed to whoever listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from hongyan.app.own.activity import activity_json
from hongyan.app.own.jobs import job_json
from hongyan.app.own.wire import connection_json, line_json

if TYPE_CHECKING:
    from hongyan.app.jobs import Job, Jobs
    from hongyan.jmap.errors import Json
    from hongyan.net.ring import Numbered, Ring
    from hongyan.sync.activity import Activities, Activity

ACTIVITY: Final = "activity"
WIRE: Final = "wire"
JOB: Final = "job"
EVENTS: Final = frozenset({ACTIVITY, WIRE, JOB})


class Publisher(Protocol):
    """Where events go: see `hongyan.server.hub.Hub`."""

    def publish(self, name: str, data: Json) -> None:
        """Tell those who asked for events of that name."""

    def wants(self, name: str) -> bool:
        """Whether anybody asked for events of that name."""


def relay(activities: Activities, ring: Ring, jobs: Jobs, publisher: Publisher) -> None:
    """Publish every change of an activity or a job, and lines while somebody wants them."""

    def tell_activity(activity: Activity) -> None:
        if publisher.wants(ACTIVITY):
            publisher.publish(ACTIVITY, activity_json(activity))

    def tell_line(numbered: Numbered) -> None:
        if publisher.wants(WIRE) and (connection := ring.connection(numbered.of)):
            lines = [line_json(connection, numbered)]
            publisher.publish(WIRE, {"connection": connection_json(connection), "lines": lines})

    def tell_job(job: Job) -> None:
        if publisher.wants(JOB):
            publisher.publish(JOB, job_json(job))

    activities.subscribe(tell_activity)
    jobs.subscribe(tell_job)
    ring.subscribe(tell_line)
