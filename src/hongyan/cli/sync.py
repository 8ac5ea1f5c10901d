"""``hongyan sync``: fetch what is new, send what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from hongyan.app import Collected, Synced
from hongyan.cli.errors import TRY_LATER, explain
from hongyan.cli.outbox import as_json, describe, exit_code
from hongyan.cli.output import octets, print_json
from hongyan.cli.progress import progress
from hongyan.cli.record import record_option
from hongyan.cli.rule import tell
from hongyan.errors import HongyanError
from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from hongyan.app import App, Report
    from hongyan.app.fetching import Fetched
    from hongyan.store import Account, Item
    from hongyan.store.holds import Holder

    T = TypeVar("T")

PATIENCE: Final = 600.0  # seconds for another program to end its visit


class Visit:
    """What a visit to an account's servers came to, and every trouble on the way.

    One trouble does not keep the rest waiting: a mailbox that is locked stops no letter going out.
    """

    def __init__(self, app: App, account: Account) -> None:
        self.address = account.address
        self.errors: list[str] = []
        self.code = 0
        self.settled: tuple[Item, ...] = (
            self._try(lambda report: app.sending.send_due(account, report)) or ()
        )
        self.collected: Fetched | None = self._try(
            lambda report: app.fetching.fetch(
                account, report, what="hongyan sync", patience=PATIENCE, waiting=self._waiting
            )
        )
        self.code = self.code or exit_code(self.settled)
        if self.collected and self.collected.troubles:
            self.code = self.code or TRY_LATER

    def _waiting(self, holder: Holder) -> None:
        click.echo(f"{self.address}: {holder} fetches for this account; waiting", err=True)

    def _try(self, work: Callable[[Report], T]) -> T | None:
        try:
            with progress() as report:
                return work(report)
        except HongyanError as error:
            line, code = explain(error)
            line = line.removeprefix("hongyan: ")
            if line not in self.errors:  # a wrong password is told once
                self.errors.append(line)
                click.echo(f"hongyan: {self.address}: {line}", err=True)
            self.code = self.code or code
            return None

    def tell(self) -> None:
        """Print it for people."""
        if self.collected:
            click.echo(f"{self.address}: {_news(self.collected)}")
            for note in self.collected.notes:
                click.echo(f"  note: {note}")
            for words in self.collected.troubles:
                click.echo(f"  not done: {shown(words)}")
        for item in self.settled:
            click.echo(f"  {describe(item)}")

    def as_json(self) -> dict[str, object]:
        """Return it as an object."""
        done = self.collected
        return {
            "account": self.address,
            "fetched": done.messages if done else 0,
            "octets": done.octets if done else 0,
            "onServer": done.on_server if done else None,
            **(_by_pop3(done) if isinstance(done, Collected) else {}),
            **(_by_imap(done) if isinstance(done, Synced) else {}),
            "outbox": [as_json(item) for item in self.settled],
            "errors": self.errors,
        }


def _news(done: Fetched) -> str:
    """Return what a visit brought and did, in words."""
    news = [f"{done.messages} new ({octets(done.octets)})" if done.messages else "nothing new"]
    if isinstance(done, Synced):
        counts = {"changed there": done.changed, "gone": done.removed, "told": done.told}
        news += [f"{count} {words}" for words, count in counts.items() if count]
    elif done.removed:
        news.append(f"{done.removed} left the server by your policy")
    return ", ".join([*news, f"{done.on_server} on the server"])


def _by_pop3(done: Collected) -> dict[str, object]:
    return {
        "removed": done.removed,
        "serverKeepsDays": done.expire.days if done.expire else None,
        "notFetched": [
            {"number": each.entry.number, "error": str(each.error)} for each in done.failures
        ],
    }


def _by_imap(done: Synced) -> dict[str, object]:
    return {
        "changed": done.changed,
        "removed": done.removed,
        "told": done.told,
        "troubles": list(done.troubles),
    }


@click.command
@click.option("--account", metavar="ADDRESS", help="Only this account.")
@click.option("--json", "as_objects", is_flag=True, help="As an array of objects, one an account.")
@record_option
@click.pass_obj
def sync(app: App, *, account: str | None, as_objects: bool) -> int:
    """Fetch new mail and send what waits, for one account or all."""
    accounts = [app.accounts.choose(account)] if account else app.store.accounts.list()
    if not accounts:
        app.accounts.choose(None)
    app.tell = tell
    visits: list[Visit] = []
    for each in accounts:
        visits.append(Visit(app, each))
        if not as_objects:
            visits[-1].tell()
    if as_objects:
        print_json([visit.as_json() for visit in visits])
    return next((visit.code for visit in visits if visit.code), 0)
