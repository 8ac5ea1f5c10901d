"""A profile for the demo host."""

from __future__ import annotations

import shlex
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from hongyan.app.accounts import NewAccount
from hongyan.app.profile import App
from hongyan.config import Config
from hongyan.store import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.app.network import Network
    from hongyan.demo.host import DemoHost
    from hongyan.store import Account

_UNREAD: Final = timedelta(days=1, hours=12)
_FLAGGED: Final = ("Sunday on the water", "鹅的照片")


@contextmanager
def demo_profile(host: DemoHost, *, network: Network | None = None) -> Iterator[App]:
    """Give a throw-away profile with the demo host's account; it is gone afterwards."""
    with TemporaryDirectory(prefix="hongyan-demo-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        password = home / "demo-password"  # of the demo host, which dies with it
        password.touch(mode=0o600)
        password.write_text(host.password, "utf-8")
        reader = "import sys; print(open(sys.argv[1]).read())"
        with App(Config(home), network=network) as app:
            app.accounts.add(
                NewAccount(
                    address=host.address,
                    name=host.owner.name or "",
                    pop3_url=host.pop3_url,
                    smtp_url=host.smtp_url,
                    password_command=shlex.join([sys.executable, "-c", reader, str(password)]),
                )
            )
            yield app


def move_in(app: App, account: Account) -> None:
    """Read all but what came lately, and flag a little: a mailbox in which somebody lives."""
    messages = app.store.messages
    inbox = app.store.mailboxes.find(account.id, Role.INBOX)
    page = messages.page(inbox.id, limit=1000)
    for email in page:
        is_read = page[0].received_at - email.received_at > _UNREAD
        is_flagged = email.subject in _FLAGGED
        named = {"$seen": is_read, "$flagged": is_flagged}
        messages.set_keywords(email.id, [name for name, holds in named.items() if holds])
