"""The wire records: each connection, and each line with what it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hongyan.app.own.shapes import listed, page, take_ids
from hongyan.jmap.arguments import Arguments, id_, json_object, optional, positive, text, unsigned
from hongyan.jmap.errors import MethodError
from hongyan.net.console import COMMANDS
from hongyan.net.endpoint import Endpoint
from hongyan.net.record import BLOT, Direction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.net.ring import Connection, Numbered, Ring

_MOST_LINES: Final = 500
_WAYS: Final = {
    Direction.CLIENT: "sent",
    Direction.SERVER: "received",
    Direction.NOTE: "note",
}


@dataclass(frozen=True, slots=True)
class Wished:
    """What a Wire/query asks for."""

    account_id: str | None
    protocol: str | None
    text: str

    def fits(self, connection: Connection, lines: Iterable[Numbered]) -> bool:
        """Tell whether a connection is wished for."""
        if self.account_id not in (None, connection.account_id):
            return False
        if self.protocol not in (None, _protocol(connection)):
            return False
        needle = self.text.encode("utf-8", "surrogateescape").lower()
        return not needle or any(needle in each.line.data.lower() for each in lines)


class WireMethods:
    """The methods of WireConnection and WireLine."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def query(self, call: Call) -> Json:
        """Answer Wire/query: the newest first."""
        filter_ = Arguments(call.take("filter", json_object, {}))
        wished = Wished(
            filter_.take("accountId", optional(id_), None),
            filter_.take("protocol", optional(text), None),
            filter_.take("text", text, ""),
        )
        filter_.end()
        return page(call, lambda _: self._chosen(wished), {})

    def _chosen(self, wished: Wished) -> list[str]:
        return [
            each.id
            for each in self._ring.connections()
            if wished.fits(each, self._ring.lines(each.id) if wished.text else ())
        ]

    def get(self, call: Call) -> Json:
        """Answer Wire/get."""
        found = {each.id: connection_json(each) for each in self._ring.connections()}
        return listed(take_ids(call), found)

    def lines(self, call: Call) -> Json:
        """Answer Wire/lines."""
        wanted = call.take("id", id_)
        after = call.take("after", unsigned, 0)
        limit = min(call.take("limit", optional(positive), None) or _MOST_LINES, _MOST_LINES)
        call.end()
        connection = self._ring.connection(wanted)
        if connection is None:
            raise MethodError("notFound", f"there is no record {wanted}")
        lines = self._ring.lines(wanted, after=after)
        shown = [line_json(connection, each) for each in lines[:limit]]
        return {"lines": shown, "hasMore": len(lines) > limit}


def connection_json(connection: Connection) -> Json:
    """Return one WireConnection."""
    return {
        "id": connection.id,
        "accountId": connection.account_id or None,
        "url": connection.url,
        "protocol": _protocol(connection),
        "openedAt": finely(connection.opened_at),
        "closedAt": connection.closed_at and finely(connection.closed_at),
        "lines": connection.lines,
        "octetsSent": connection.octets_sent,
        "octetsReceived": connection.octets_received,
        "roundTrips": connection.round_trips,
        "error": None,
    }


def line_json(connection: Connection, numbered: Numbered) -> Json:
    """Return one WireLine."""
    line = numbered.line
    said = line.data.decode("utf-8", "replace").rstrip("\r\n")
    verb = _verb(_protocol(connection), said) if line.direction is Direction.CLIENT else None
    explained = COMMANDS.get(_protocol(connection), {}).get(verb or "")
    return {
        "connectionId": connection.id,
        "number": numbered.number,
        "direction": _WAYS[line.direction],
        "at": finely(connection.opened_at + timedelta(seconds=line.at)),
        "text": said,
        "octets": len(line.data),
        "isSecret": BLOT in line.data,
        "command": verb if explained else None,
        "explanation": explained.text if explained else None,
        "rfc": explained.source if explained else None,
    }


def finely(moment: datetime) -> str:
    """Return a UTCDate to the millisecond."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _protocol(connection: Connection) -> str:
    return Endpoint.parse(connection.url).protocol


def _verb(protocol: str, said: str) -> str | None:
    words = said.upper().split()
    at = 1 if protocol == "imap" else 0
    if at < len(words) and words[at] == "UID" and at + 1 < len(words):
        at += 1
    return words[at] if at < len(words) else None
