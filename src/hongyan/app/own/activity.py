"""Activity/get, and the event: what each account is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.app.own.shapes import date, listed, take_ids, worded

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.sync.activity import Activities, Activity


class ActivityMethods:
    """The methods of Activity."""

    def __init__(self, activities: Activities) -> None:
        self._activities = activities

    def get(self, call: Call) -> Json:
        """Answer Activity/get."""
        latest = {each.account_id: activity_json(each) for each in self._activities.latest()}
        return listed(take_ids(call), latest)


def activity_json(activity: Activity) -> Json:
    """Return one Activity."""
    troubled = activity.words or activity.remedy
    return {
        "accountId": activity.account_id,
        "state": activity.state.value,
        "what": activity.what or None,
        "done": activity.done,
        "total": activity.total or None,
        "octets": activity.octets,
        "totalOctets": activity.total_octets or None,
        "perSecond": activity.per_second or None,
        "secondsLeft": activity.seconds_left,
        "nextAt": date(activity.next_at),
        "error": (
            {"type": activity.code, **worded(activity.words), "remedy": activity.remedy}
            if troubled
            else None
        ),
    }
