"""Two profiles and imaplib on the same mailboxes at random, with kills: then all three agree.

A few hundred steps by default; all thousand, and more seeds, with HONGYAN_TORTURE=1000.
"""

from __future__ import annotations

import imaplib
import os
import random
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from hongyan.net.endpoint import Endpoint
from hongyan.sync import imap_fetch
from hongyan.sync.imap_arrivals import Stage
from hongyan.sync.imap_plan import Tier
from tests.live.servers import Dovecot, User
from tests.sync.imap_profile import HEADERS_FIRST, connect, profile
from tests.sync.torture import Torture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.cyrus import Cyrus

STEPS = int(os.environ.get("HONGYAN_TORTURE", "150"))
USERS = count(1)


@pytest.fixture(params=["dovecot", "cyrus"])
def server(request: pytest.FixtureRequest) -> Dovecot | Cyrus:
    found: Dovecot | Cyrus = request.getfixturevalue(request.param)
    return found


@pytest.mark.timeout(600 + 2 * STEPS)
def test_all_three_agree_where_headers_come_first_and_bodies_some_other_time(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most visits end before the bodies, so that what is not whole is marked, moved and removed."""
    seed = int(os.environ.get("HONGYAN_SEED", "1"))
    user = User(f"torture{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    url = dovecot.imap_url(tls="none")
    words = (url, user.address, user.password)
    chance, each_of = random.Random(seed), imap_fetch._Fetching._each
    left: list[int] = []

    def each(self: imap_fetch._Fetching, stage: Stage) -> Iterator[Any]:
        if stage is Stage.BODIES and chance.random() < 0.8:
            left.append(self.tour.store.messages.to_come())
            return iter(())
        return each_of(self, stage)

    with (
        profile(tmp_path / "a", *words, patience=HEADERS_FIRST) as first,
        profile(tmp_path / "b", *words, patience=HEADERS_FIRST) as second,
        ExitStack() as clients,
    ):

        def client() -> imaplib.IMAP4:
            opened = connect(Endpoint.parse(url).port, user.address, user.password)
            clients.callback(opened.shutdown)
            return opened

        torture = Torture(seed, [first, second], client)
        with monkeypatch.context() as some_bodies:
            some_bodies.setattr(imap_fetch._Fetching, "_each", each)
            torture.run(STEPS)
        assert sum(left), "of some messages only the header was here for a while"
        for mine in (first, second):
            mine.sync()
            assert mine.store.messages.to_come() == 0
        wrong = torture.verdict()
    (tmp_path / "log").write_text("\n".join(torture.log))
    assert not wrong, f"{wrong}\nlog: {tmp_path}/log"


@pytest.mark.timeout(600 + 2 * STEPS)
@pytest.mark.parametrize("best", list(Tier), ids=lambda tier: tier.name.lower())
def test_all_three_agree(server: Dovecot | Cyrus, best: Tier, tmp_path: Path) -> None:
    seed = int(os.environ.get("HONGYAN_SEED", "1"))
    user = User(f"torture{next(USERS)}@example.test", "secret")
    server.add_user(user)
    url = server.imap_url(tls="none")
    words = (url, user.address, user.password)
    clients: list[imaplib.IMAP4] = []

    def client() -> imaplib.IMAP4:
        clients.append(connect(Endpoint.parse(url).port, user.address, user.password))
        return clients[-1]

    with (
        profile(tmp_path / "a", *words, best=best) as first,
        profile(tmp_path / "b", *words, best=best) as second,
    ):
        torture = Torture(seed, [first, second], client)
        try:
            torture.run(STEPS)
            wrong = torture.verdict()
        finally:
            for each in clients:
                each.shutdown()
            (tmp_path / "log").write_text("\n".join(torture.log))
    assert not wrong, f"{wrong}\nlog: {tmp_path}/log"
    assert torture.made > STEPS / 20, "about every sixth step makes one"
    assert torture.kills
