"""A profile of a million short messages in one inbox, which the benches of server and page share.

It is ``hongyan-million`` in the temporary folder, made by whoever comes first, which takes a
quarter of an hour; ``HONGYAN_BENCH_PROFILE`` names another. A quick run makes a small one.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hongyan.store import New, Role, Store
from tests.support.short import arrived, letters

if TYPE_CHECKING:
    from bench.plan import Plan
    from bench.site import Site

COUNT, SEED, BATCH = 1_000_000, 7, 1_000


def profile(site: Site, plan: Plan) -> Path:
    """Return the home of the profile, made where it is not there."""
    if given := os.environ.get("HONGYAN_BENCH_PROFILE"):
        return Path(given)
    count = plan.scaled(COUNT, least=2_000)
    shared = Path(tempfile.gettempdir()) / "hongyan-million"
    home = shared if count == COUNT else site.folder / "large-profile"
    if _size(home) < count:
        shutil.rmtree(home, ignore_errors=True)
        fill(home, count)
    return home


def _size(home: Path) -> int:
    if not (home / "mail.db").exists():
        return 0
    with Store.open(home, clock=lambda: datetime.now(UTC)) as store:
        accounts = [account.id for account in store.accounts.list()]
        boxes = [each for account in accounts for each in store.mailboxes.list(account)]
        return max((each.total for each in boxes), default=0)


def fill(home: Path, count: int) -> None:
    """Make a profile with so many messages."""
    with Store.open(home, clock=lambda: datetime.now(UTC)) as store:
        account = store.accounts.add("alice@example.test", secret="command:true", name="Alice")
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        for first in range(0, count, BATCH):
            some = enumerate(letters(min(BATCH, count - first), SEED, first=first), first)
            new = [New(octets, (inbox.id,), arrived(at)) for at, octets in some]
            store.messages.add_all(account.id, new)


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
