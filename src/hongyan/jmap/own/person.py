"""Person/query: whom an address that is being typed could mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.jmap.arguments import positive, text
from hongyan.jmap.times import utc

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json


def query(call: Call) -> Json:
    """Answer Person/query."""
    wanted = call.take("text", text)
    limit = min(call.take("limit", positive, 10), 100)
    call.end()
    return {
        "list": [
            {
                "name": person.name or None,
                "email": person.email,
                "count": person.count,
                "lastAt": utc(person.last_at),
            }
            for person in call.store.people.query(wanted, limit=limit)
        ]
    }
