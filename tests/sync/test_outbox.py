"""Sending what waits: each outcome, from servers that do as they are written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hongyan.errors import AuthenticationRefused, ConnectFailed, StoreError
from hongyan.store import Role, State
from tests.support.scripted import ScriptedServer
from tests.sync.profile import LETTER, Profile

HELLO = "S: 220 x\\r\\n\nC: EHLO [127.0.0.1]\\r\\n\nS: 250 x\\r\\n\n"
MAIL = "C: MAIL FROM:<yan@goose.example>\\r\\n\nS: 250 ok\\r\\n\n"
CONTENT = (
    "C: From: yan@goose.example\\r\\n\nC: Subject: One\\r\\n\nC: Message-ID: <1@goose.example>\\r\\n\n"
    "C: \\r\\n\nC: Hi\\r\\n\nC: ...\\r\\n\nC: .\\r\\n\n"
)
DATA = "C: DATA\\r\\n\nS: 354 go\\r\\n\n" + CONTENT
QUIT = "C: QUIT\\r\\n\nS: 221 bye\\r\\n\n* EOF"


def rcpt(address: str, reply: str = "250 ok") -> str:
    return f"C: RCPT TO:<{address}>\\r\\n\nS: {reply}\\r\\n\n"


OUTCOMES: dict[str, tuple[str, dict[str, State], State]] = {
    "accepted": (
        MAIL + rcpt("a@b.example") + DATA + "S: 250 2.0.0 ok\\r\\n\n" + QUIT,
        {"a@b.example": State.SENT},
        State.SENT,
    ),
    "one of two refused": (
        MAIL + rcpt("a@b.example") + rcpt("no@b.example", "550 5.1.1 unknown") + DATA
        + "S: 250 ok\\r\\n\n" + QUIT,
        {"a@b.example": State.SENT, "no@b.example": State.REFUSED},
        State.REFUSED,
    ),
    "one of two later": (
        MAIL + rcpt("a@b.example") + rcpt("later@b.example", "450 4.2.1 greylisted") + DATA
        + "S: 250 ok\\r\\n\n" + QUIT,
        {"a@b.example": State.SENT, "later@b.example": State.DEFERRED},
        State.DEFERRED,
    ),
    "the content refused": (
        MAIL + rcpt("a@b.example") + DATA + "S: 554 5.6.0 no\\r\\n\n" + QUIT,
        {"a@b.example": State.REFUSED},
        State.REFUSED,
    ),
    "the content later": (
        MAIL + rcpt("a@b.example") + DATA + "S: 451 4.3.0 later\\r\\n\n" + QUIT,
        {"a@b.example": State.DEFERRED},
        State.DEFERRED,
    ),
    "the sender refused": (
        "C: MAIL FROM:<yan@goose.example>\\r\\n\nS: 550 5.7.1 no\\r\\n\n" + QUIT,
        {"a@b.example": State.REFUSED},
        State.REFUSED,
    ),
    "the sender later": (
        "C: MAIL FROM:<yan@goose.example>\\r\\n\nS: 450 4.7.1 later\\r\\n\n" + QUIT,
        {"a@b.example": State.DEFERRED},
        State.DEFERRED,
    ),
    "421 instead of a reply": (
        "C: MAIL FROM:<yan@goose.example>\\r\\n\nS: 421 4.3.2 shutting down\\r\\n\n* EOF",
        {"a@b.example": State.DEFERRED},
        State.DEFERRED,
    ),
    "the line lost before the content": (
        MAIL + rcpt("a@b.example") + "C: DATA\\r\\n\n* EOF",
        {"a@b.example": State.DEFERRED},
        State.DEFERRED,
    ),
    "the line lost after the final dot": (
        MAIL + rcpt("a@b.example") + DATA + "* EOF",
        {"a@b.example": State.UNCERTAIN},
        State.UNCERTAIN,
    ),
    "nonsense after the final dot": (
        MAIL + rcpt("a@b.example") + DATA + "S: what?\\r\\n\n* EOF",
        {"a@b.example": State.UNCERTAIN},
        State.UNCERTAIN,
    ),
    "after the final dot, with one refused": (
        MAIL + rcpt("a@b.example") + rcpt("no@b.example", "550 no") + DATA + "* EOF",
        {"a@b.example": State.UNCERTAIN, "no@b.example": State.REFUSED},
        State.UNCERTAIN,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("transcript", "outcomes", "state"), OUTCOMES.values(), ids=OUTCOMES)
def test_what_becomes_of_it(
    profile: Profile, transcript: str, outcomes: dict[str, State], state: State
) -> None:
    item = profile.queue(*outcomes)
    with ScriptedServer(HELLO + transcript) as server:
        (settled,) = profile.send(server.port)
    assert server.errors == []
    assert settled.id == item
    assert {each.address: each.state for each in settled.recipients} == outcomes
    assert settled.state is state
    copies = [LETTER] if State.SENT in outcomes.values() else []
    assert profile.stored(Role.SENT) == copies, "filed once it is sent to anybody"


@pytest.mark.parametrize("state", [State.REFUSED, State.UNCERTAIN, State.SENT])
def test_what_has_ended_is_never_sent_again_by_itself(profile: Profile, state: State) -> None:
    ends = {
        State.REFUSED: "the content refused",
        State.UNCERTAIN: "the line lost after the final dot",
        State.SENT: "accepted",
    }
    profile.queue("a@b.example")
    with ScriptedServer(HELLO + OUTCOMES[ends[state]][0]) as server:
        (settled,) = profile.send(server.port)
    assert settled.state is state
    profile.wait(days=365)
    assert profile.send(server.port) == ()
    assert profile.send(server.port, settled.id) == ()
    assert profile.connections == 1, "nobody is even called"


def test_pauses_grow(profile: Profile) -> None:
    profile.queue("a@b.example")
    pauses = []
    for _ in range(7):
        with ScriptedServer(HELLO + OUTCOMES["the sender later"][0]) as server:
            (settled,) = profile.send(server.port)
            assert profile.send(server.port) == (), "not before its time"
        pauses.append((settled.next_try - profile.now).total_seconds() / 60)
        profile.now = settled.next_try
    assert pauses == [1, 5, 15, 30, 60, 240, 240]


def test_only_those_who_wait_are_tried_again(profile: Profile) -> None:
    profile.queue("a@b.example", "later@b.example")
    with ScriptedServer(HELLO + OUTCOMES["one of two later"][0]) as server:
        profile.send(server.port)
    profile.wait(days=1)
    again = MAIL + rcpt("later@b.example") + DATA + "S: 250 ok\\r\\n\n" + QUIT
    with ScriptedServer(HELLO + again) as server:
        (settled,) = profile.send(server.port)
    assert server.errors == []
    assert settled.state is State.SENT
    assert profile.stored(Role.SENT) == [LETTER], "one copy, not two"


def test_one_connection_for_all(profile: Profile) -> None:
    for name in "ab":
        profile.queue(f"{name}@b.example")
    good = "S: 250 ok\\r\\n\n"
    both = MAIL + rcpt("a@b.example") + DATA + good + MAIL + rcpt("b@b.example") + DATA + good
    with ScriptedServer(HELLO + both + QUIT) as server:
        settled = profile.send(server.port)
    assert server.errors == []
    assert [each.state for each in settled] == [State.SENT, State.SENT]
    assert profile.connections == 1


def test_a_server_that_is_away_leaves_it_waiting(profile: Profile) -> None:
    item = profile.queue("a@b.example")
    with ScriptedServer(HELLO) as server:
        pass
    with pytest.raises(ConnectFailed):
        profile.send(server.port)
    assert profile.store.outbox.get(item).state is State.DEFERRED
    assert "cannot be reached" in profile.store.outbox.get(item).words


def test_a_wrong_password_is_tried_once_and_the_item_waits(profile: Profile) -> None:
    items = [profile.queue("a@b.example"), profile.queue("b@b.example")]
    login = (
        "S: 220 x\\r\\n\nC: EHLO [127.0.0.1]\\r\\n\nS: 250-x\\r\\n\nS: 250 AUTH PLAIN\\r\\n\n"
        "C: AUTH PLAIN <secret>\\r\\n\nS: 535 5.7.8 wrong\\r\\n\n* EOF"
    )
    with ScriptedServer(login) as server, pytest.raises(AuthenticationRefused) as refused:
        profile.send(server.port)
    assert profile.password not in str(refused.value)
    assert profile.connections == 1
    states = [profile.store.outbox.get(each).state for each in items]
    assert states == [State.DEFERRED, State.QUEUED]


def test_a_journal_that_cannot_be_written_stops_before_the_content(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: str) -> None:
        raise StoreError("the disk is full")

    profile.queue("a@b.example")
    monkeypatch.setattr(profile.store.outbox, "start_content", full)
    start = time.monotonic()
    until = MAIL + rcpt("a@b.example") + "C: DATA\\r\\n\nS: 354 go\\r\\n\n"
    with ScriptedServer(HELLO + until) as server, pytest.raises(StoreError, match="is full"):
        profile.send(server.port)
    assert server.errors == [], "not an octet of the content, and no QUIT in its place"
    assert time.monotonic() - start < 3


def test_two_senders_share_the_work(profile: Profile, tmp_path: Path) -> None:
    """Each item is claimed by one of them, whatever the order."""
    items = {profile.queue(f"{n}@b.example") for n in range(20)}
    other = Profile(tmp_path / "home")
    claimed: list[str] = []

    def claim(one: Profile) -> None:
        while item := one.store.outbox.claim():
            claimed.append(item.id)

    threads = [threading.Thread(target=claim, args=(each,)) for each in (profile, other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    other.close()
    assert sorted(claimed) == sorted(items)


KILLED = """
import sys
from pathlib import Path
from tests.sync.profile import Profile
profile = Profile(Path(sys.argv[1]))
profile.queue("a@b.example")
print("queued", flush=True)
profile.send(int(sys.argv[2]))
"""


@pytest.mark.parametrize(
    ("until", "state"),
    [
        ("S: 220 x\\r\\n\nC: EHLO [127.0.0.1]\\r\\n\n", State.QUEUED),
        (HELLO + MAIL + "C: RCPT TO:<a@b.example>\\r\\n\n", State.QUEUED),
        (HELLO + MAIL + rcpt("a@b.example") + DATA, State.UNCERTAIN),
    ],
    ids=["at the start", "before the content", "after the final dot"],
)
def test_killed_while_sending(tmp_path: Path, until: str, state: State) -> None:
    with (
        ScriptedServer(until) as server,
        subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path / "home"), str(server.port)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        ) as process,
    ):
        assert process.stdout
        assert process.stdout.readline() == b"queued\n"
        time.sleep(0.4)  # by now it waits for an answer that does not come
        process.send_signal(signal.SIGKILL)
    profile = Profile(tmp_path / "home")
    profile.store.outbox.recover()
    (item,) = profile.store.outbox.list()
    assert item.state is state
    profile.close()
