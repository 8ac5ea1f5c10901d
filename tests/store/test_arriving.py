"""What arrives is told to be durable after the commit, and never before."""

from __future__ import annotations

from typing import Any

import pytest

from hongyan.errors import StoreError
from hongyan.store import Arriving
from tests.store.uidls import known_uidls


def test_what_is_told_is_durable(profile: Any) -> None:
    told: list[int] = []

    def stored(token: int, id_: str) -> None:
        profile.store._database._writer.execute("BEGIN; ROLLBACK")  # nothing is under way
        assert profile.store.messages.get(id_)
        told.append(token)

    with Arriving[int](profile.store, "a1", stored=stored, together=4, seconds=60) as arriving:
        for n in range(10):
            arriving.add(n, profile.inbox.id, b"%d" % n, received_at=profile.clock(), uidl=f"{n}")
            assert len(told) == (n + 1) // 4 * 4
            assert len(known_uidls(profile.store, "a1")) == len(told)
    assert told == list(range(10))


def test_a_lost_line_loses_nothing_that_came(profile: Any) -> None:
    told: list[str] = []
    with (
        pytest.raises(ConnectionError),
        Arriving[str](profile.store, "a1", stored=lambda token, _: told.append(token)) as arriving,
    ):
        arriving.add("x", profile.inbox.id, b"x", received_at=profile.clock())
        raise ConnectionError
    assert told == ["x"]
    assert len(profile.found("")) == 1


def test_time_and_size_commit_too(profile: Any) -> None:
    told: list[int] = []

    def stored(token: int, _: str) -> None:
        told.append(token)

    with Arriving[int](profile.store, "a1", stored=stored, seconds=0) as arriving:
        arriving.add(1, profile.inbox.id, b"x", received_at=profile.clock())
        assert told == [1]
    with Arriving[int](profile.store, "a1", stored=stored, seconds=60) as arriving:
        for n in range(2, 5):
            arriving.add(n, profile.inbox.id, b"x" * (6 << 20), received_at=profile.clock())
        assert told == [1, 2, 3, 4]


def test_a_commit_that_fails_tells_nothing(profile: Any) -> None:
    told: list[int] = []
    writer = profile.store._database._writer
    pages = writer.pragma("page_count")
    with (
        pytest.raises(StoreError, match="disk is full"),
        Arriving[int](profile.store, "a1", stored=lambda token, _: told.append(token)) as arriving,
    ):
        writer.pragma("max_page_count", pages + 3)
        for n in range(50):
            arriving.add(n, profile.inbox.id, b"%d " % n * 2000, received_at=profile.clock())
    assert told == []
    assert profile.found("") == set()
    writer.pragma("max_page_count", 1_000_000)
    assert profile.store.check() == ()
