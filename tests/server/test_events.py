"""The stream of events (RFC 8620 §7.3): what is told, to whom, and from where one goes on."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hongyan.app import now
from hongyan.store import Store
from tests.server.conftest import Site


@contextmanager
def stream(
    site: Site, query: str = "types=*&closeafter=no&ping=0", **fields: str
) -> Iterator[http.client.HTTPResponse]:
    line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
    names = {"Authorization": site.bearer, **{k.replace("_", "-"): v for k, v in fields.items()}}
    line.request("GET", f"/jmap/events?{query}", headers=names)
    yield line.getresponse()
    line.close()


def event(got: http.client.HTTPResponse) -> dict[str, Any]:
    """The next event; comments are passed over."""
    found: dict[str, Any] = {}
    while True:
        text = got.readline().decode().rstrip("\n")
        if text == "" and found:
            return found
        name, _, value = text.partition(": ")
        if name in ("event", "id", "data"):
            found[name] = json.loads(value) if name == "data" else value


def add(site: Site) -> str:
    return site.store.messages.add("a1", "b1", b"Subject: x\r\n\r\nhi\r\n", received_at=now())


def test_a_change_is_told_with_the_types_that_changed(site: Site) -> None:
    id_ = add(site)
    with stream(site) as got:
        assert got.getheader("Content-Type", "").startswith("text/event-stream")
        site.store.messages.patch_keywords(id_, add=["$flagged"])
        told = event(got)
        assert told["event"] == "state"
        assert told["data"] == {
            "@type": "StateChange",
            "changed": {"a1": {"Email": site.store.changes.state("a1")}},
        }
        site.store.messages.patch_keywords(id_, add=["$seen"])
        assert set(event(got)["data"]["changed"]["a1"]) == {"Email", "Mailbox"}


def test_only_the_types_that_were_asked_for(site: Site) -> None:
    id_ = add(site)
    with stream(site, "types=Mailbox,Thread&closeafter=no&ping=0") as got:
        site.store.messages.patch_keywords(id_, add=["$flagged"])
        site.store.messages.patch_keywords(id_, add=["$seen"])
        assert set(event(got)["data"]["changed"]["a1"]) == {"Mailbox"}


def test_one_is_enough_for_some(site: Site) -> None:
    with stream(site, "types=*&closeafter=state&ping=0") as got:
        add(site)
        assert event(got)["event"] == "state"
        assert got.read() == b""


def test_pings(site: Site) -> None:
    with stream(site, "types=*&closeafter=no&ping=1") as got:
        assert event(got) == {"event": "ping", "data": {"interval": 1}}


def test_what_was_missed_is_told_to_who_comes_again(site: Site) -> None:
    with stream(site) as got:
        add(site)
        place = event(got)["id"]
    add(site)
    with stream(site, Last_Event_ID=place) as got:
        assert "Email" in event(got)["data"]["changed"]["a1"]
    with stream(site, "types=*&closeafter=no&ping=1", Last_Event_ID="nonsense a1.x .") as got:
        assert event(got)["event"] == "ping"


def test_what_another_process_changes_is_told_too(site: Site) -> None:
    with stream(site) as got, Store.open(site.store.home, clock=now) as other:
        began = time.monotonic()
        other.messages.add("a1", "b1", b"Subject: y\r\n\r\nhi\r\n", received_at=now())
        assert "Email" in event(got)["data"]["changed"]["a1"]
        assert time.monotonic() - began < 3


def test_our_own_events_come_when_asked_for(site: Site) -> None:
    with stream(site, "types=&closeafter=no&ping=1&with=activity,nonsense") as got:
        while not site.server.hub.wants("activity"):
            time.sleep(0.01)
        assert not site.server.hub.wants("wire")
        site.server.hub.publish("wire", {"no": 1})
        site.server.hub.publish("activity", {"accountId": "a1"})
        assert event(got) == {"event": "activity", "data": {"accountId": "a1"}}


@pytest.mark.parametrize("query", ["closeafter=never", "ping=-1", "ping=x"])
def test_wishes_that_are_none(site: Site, query: str) -> None:
    assert site.ask("GET", f"/jmap/events?{query}", Authorization=site.bearer).status == 400


def test_nobody_listens_without_a_session(site: Site) -> None:
    assert site.ask("GET", "/jmap/events").status == 401


def test_streams_end_with_the_server(site: Site) -> None:
    with stream(site) as got:
        add(site)
        event(got)
        began = time.monotonic()
        site.server.stop()
        assert got.read() == b""
        assert time.monotonic() - began < 2
