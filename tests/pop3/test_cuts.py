"""A line cut after every octet: nothing half is kept, and nothing unproven is claimed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from hongyan import pop3
from hongyan.errors import ConnectionLost
from hongyan.flow import Read, Running
from hongyan.net.record import Direction
from hongyan.net.replay import parse
from hongyan.sasl import Terms
from tests.pop3.cases import ANNA, Basket, pop3_check, pop3_remove

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.flow import Flow

T = TypeVar("T")
TRANSCRIPTS = Path(__file__).parent.parent / "transcripts" / "pop3"


def spoken(name: str) -> list[bytes]:
    """What the server of a transcript says, as one item for each time that it may speak."""
    turns: list[bytes] = []
    before = Direction.CLIENT
    for item in parse((TRANSCRIPTS / f"{name}.txt").read_text("utf-8")):
        if item.direction is Direction.SERVER:
            turns += [b""] * (before is Direction.CLIENT)
            turns[-1] += item.data
        before = item.direction
    return turns


def play(flow: Flow[T], turns: list[bytes], after: int) -> T:
    """Run ``flow`` against the server's turns, of which only ``after`` octets arrive."""
    running = Running(flow)
    left = list(reversed(turns))
    while (effect := running.effect) is not None:
        if not isinstance(effect, Read):
            running.answer(None)
            continue
        said = left.pop()[:after] if left else b""
        after -= len(said)
        running.answer(said)
    return running.result


def fetch(basket: Basket) -> Flow[pop3.Farewell]:
    conn = pop3.Connection()
    yield from pop3.open_session(conn, ANNA, starttls=False, terms=Terms(disclose=True))
    entries = yield from pop3.list_entries(conn)
    yield from pop3.retrieve(conn, entries, basket)
    yield from pop3.delete(conn, [entries[0], entries[2]])
    return (yield from pop3.quit_(conn))


def every_cut(name: str) -> tuple[list[bytes], range]:
    turns = spoken(name)
    return turns, range(sum(map(len, turns)) + 1)


def test_a_fetch_keeps_whole_messages_only() -> None:
    turns, cuts = every_cut("pipelined")
    outcomes: list[tuple[int, bool]] = []
    for after in cuts:
        basket = Basket()
        try:
            farewell = play(fetch(basket), turns, after)
        except ConnectionLost:
            outcomes.append((len(basket.whole), False))
        else:
            outcomes.append((len(basket.whole), farewell.committed))
        assert basket.whole.items() <= {1: b"one\r\n", 3: b"three\r\n"}.items()
    assert outcomes == sorted(outcomes), "more octets never give less"
    assert outcomes[-1] == (2, True)
    assert [committed for _, committed in outcomes].count(True) == 1, "only the whole dialogue"


@pytest.mark.parametrize(
    ("name", "flow"),
    [("removed", pop3_remove), ("check", pop3_check), ("check_remembered", None)],
)
def test_nothing_is_claimed_that_was_not_said(
    name: str, flow: Callable[[], Flow[list[object]]] | None
) -> None:
    turns, cuts = every_cut(name)

    def visit() -> Flow[list[object]]:
        if flow is not None:
            return flow()
        return pop3_check(remembered=pop3.Capabilities({"PIPELINING": ()}))

    whole = play(visit(), turns, cuts[-1])
    for after in cuts[:-1]:
        try:
            result = play(visit(), turns, after)
        except ConnectionLost:
            continue
        if name == "removed":
            assert result[0] == []
            assert isinstance(result[2], pop3.Farewell)
            assert not result[2].committed
        else:  # the answer was whole, only the goodbye is missing
            assert result[:2] == whole[:2]
