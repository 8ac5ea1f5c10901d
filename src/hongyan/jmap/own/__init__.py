"""What JMAP lacks, as a capability of our own: the part that the store alone can answer.

See docs/protocols/hongyan.md. What meets servers comes from the app, see `call.Jmap.own`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.jmap.own import emails, search, snooze, statistics

if TYPE_CHECKING:
    from hongyan.jmap.call import Method

METHODS: Final[dict[str, Method]] = {
    "Emails/query": emails.query,
    "Search/parse": search.parse,
    "Snooze/get": snooze.get,
    "Snooze/set": snooze.set_,
    "Statistics/get": statistics.get,
}
