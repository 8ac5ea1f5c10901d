"""``hongyan sync``: fetch what is new, send what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from hongyan.cli.errors import TRY_LATER, explain
from hongyan.cli.outbox import as_json, describe, exit_code
from hongyan.cli.output import octets, print_json
from hongyan.cli.progress import progress
from hongyan.cli.record import record_option
from hongyan.errors import HongyanError
from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from hongyan.app import App, Collected, Report
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
        self.collected: Collected | None = self._try(
            lambda report: app.fetching.fetch(
                account, report, what="hongyan sync", patience=PATIENCE, waiting=self._waiting
            )
        )
        self.settled: tuple[Item, ...] = (
            self._try(lambda report: app.sending.send_due(account, report)) or ()
        )
        self.code = self.code or exit_code(self.settled)
        if self.collected and self.collected.failures:
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
            came = self.collected.messages
            news = f"{came} new ({octets(self.collected.octets)})" if came else "nothing new"
            click.echo(f"{self.address}: {news}, {self.collected.on_server} on the server")
            if self.collected.expire and self.collected.expire.days is not None:
                click.echo(f"  note: {self.collected.expire.words}")
            for failure in self.collected.failures:
                words = shown(str(failure.error))
                click.echo(f"  not fetched: message {failure.entry.number}: {words}")
        for item in self.settled:
            click.echo(f"  {describe(item)}")

    def _days(self) -> int | None:
        expire = self.collected.expire if self.collected else None
        return expire.days if expire else None

    def as_json(self) -> dict[str, object]:
        """Return it as an object."""
        failures = self.collected.failures if self.collected else ()
        return {
            "account": self.address,
            "fetched": self.collected.messages if self.collected else 0,
            "octets": self.collected.octets if self.collected else 0,
            "onServer": self.collected.on_server if self.collected else None,
            "serverKeepsDays": self._days(),
            "notFetched": [
                {"number": each.entry.number, "error": str(each.error)} for each in failures
            ],
            "outbox": [as_json(item) for item in self.settled],
            "errors": self.errors,
        }


@click.command
@click.option("--account", help="Only this account.")
@click.option("--json", "as_objects", is_flag=True, help="As an array of objects, one an account.")
@record_option
@click.pass_obj
def sync(app: App, *, account: str | None, as_objects: bool) -> int:
    """Fetch new mail and send what waits, for one account or all."""
    accounts = [app.accounts.choose(account)] if account else app.store.accounts.list()
    if not accounts:
        app.accounts.choose(None)
    visits: list[Visit] = []
    for each in accounts:
        visits.append(Visit(app, each))
        if not as_objects:
            visits[-1].tell()
    if as_objects:
        print_json([visit.as_json() for visit in visits])
    return next((visit.code for visit in visits if visit.code), 0)
