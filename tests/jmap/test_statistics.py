"""What Statistics/get counts where the calendar, the mail or their number is not simple."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hongyan import jmap
from hongyan.store import Role, Store
from hongyan.store import statistics as counting

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Home:
    """A profile with one account, and the method called as the page does."""

    def __init__(self, store: Store) -> None:
        self.store = store
        account = store.accounts.add("me@example.org", secret="keychain")
        self.inbox = store.mailboxes.ensure(account.id, Role.INBOX).id
        self.sent = store.mailboxes.ensure(account.id, Role.SENT).id

    def arrives(
        self, at: datetime, sender: str = "a@x.example", *fields: str, to: str = ""
    ) -> None:
        head = "\r\n".join([f"From: {sender}", f"Message-ID: <{at.timestamp()}@x>", *fields])
        box = self.sent if to else self.inbox
        octets = f"{head}\r\nTo: {to or 'me@example.org'}\r\n\r\n.\r\n".encode()
        self.store.messages.add("a1", box, octets, received_at=at)

    def __call__(self, **arguments: Any) -> Any:
        request = {
            "using": ["urn:ietf:params:jmap:core", "urn:hongyan:jmap"],
            "methodCalls": [["Statistics/get", arguments, "0"]],
        }
        server = jmap.Jmap(store=self.store, clock=lambda: NOW)
        ((name, answer, _),) = jmap.handle(server, json.dumps(request).encode())["methodResponses"]
        assert name == "Statistics/get", answer
        return answer


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Store.open(tmp_path / "home", clock=lambda: NOW) as store:
        yield Home(store)


def test_nothing(home: Home) -> None:
    found = home()
    assert (found["total"], found["perDay"], found["people"], found["lists"]) == (0, [], [], [])
    assert found["perHour"] == [[0] * 24] * 7


def test_days_and_hours_are_those_of_the_zone_through_a_change_of_its_clock(home: Home) -> None:
    """In Berlin 2026-03-29 has 23 hours: 00:30 UTC is 01:30, 01:30 UTC is 03:30."""
    for hour in (0, 1, 22):
        home.arrives(datetime(2026, 3, 29, hour, 30, tzinfo=UTC))
    found = home(zone="Europe/Berlin")
    assert [(each["day"], each["received"]) for each in found["perDay"]] == [
        ("2026-03-29", 2),
        ("2026-03-30", 1),
    ]
    sunday = found["perHour"][6]
    assert [hour for hour, count in enumerate(sunday) if count] == [1, 3]
    assert found["perHour"][0][0] == 1


def test_a_zone_of_half_an_hour_and_a_day_without_mail(home: Home) -> None:
    home.arrives(datetime(2026, 3, 1, 18, 31, tzinfo=UTC))
    home.arrives(datetime(2026, 3, 4, 18, 29, tzinfo=UTC))
    days = home(zone="Asia/Kolkata")["perDay"]
    assert [(each["day"][-2:], each["received"]) for each in days] == [
        ("02", 1),
        ("03", 0),
        ("04", 1),
    ]


def test_people_by_address_whatever_its_case_and_never_oneself(home: Home) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    home.arrives(at, "bo@x.example")
    home.arrives(at + timedelta(hours=1), "Bo Bengt <BO@x.example>")
    home.arrives(at + timedelta(hours=2), "Me <me@example.org>", to="bo@x.example, ME@example.org")
    (bo,) = home()["people"]
    assert (bo["name"], bo["received"], bo["sent"]) == ("Bo Bengt", 2, 1)


def test_the_usual_answer_time_is_the_median_per_person(home: Home) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    for number, minutes in enumerate((5, 10, 300)):
        asked = at + timedelta(days=number)
        home.arrives(asked, "bo@x.example")
        reply = f"In-Reply-To: <{asked.timestamp()}@x>"
        home.arrives(asked + timedelta(minutes=minutes), "me@example.org", reply, to="bo@x.example")
    (bo,) = home()["people"]
    assert bo["answerSeconds"] == 600


def test_lists_by_their_id_with_the_way_out_of_the_newest_message(home: Home) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    geese = "List-Id: The geese <geese.lists.example>"
    home.arrives(at, "a@x.example", geese, "List-Unsubscribe: <mailto:old@lists.example>")
    new = "List-Unsubscribe: <http://lists.example/>, <https://lists.example/leave>"
    home.arrives(at + timedelta(1), "b@x.example", geese, new)
    home.arrives(at, "shop@y.example", "List-Unsubscribe: <https://y.example/u?1>")
    home.arrives(at, "c@x.example", "List-Unsubscribe: <http://in.clear.example/>")
    first, second = home()["lists"]
    assert (first["listId"], first["name"], first["count"]) == (
        "geese.lists.example",
        "The geese",
        2,
    )
    assert first["unsubscribe"] == "https://lists.example/leave"
    assert (first["accountId"], first["emailId"]) == ("a1", "m2")
    assert (second["listId"], second["unsubscribe"]) == (
        "shop@y.example",
        "https://y.example/u?1",
    )


def test_the_work_is_bounded_by_the_number_of_messages(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST", 3)
    for day in range(1, 6):
        home.arrives(datetime(2026, 5, day, tzinfo=UTC))
    found = home(after="2020-01-01T00:00:00Z")
    assert (found["since"], found["total"]) == ("2026-05-03T00:00:00Z", 3)
