"""``hongyan doctor``: look at servers, and say what is wrong and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

from hongyan.app import urls_of
from hongyan.cli.account_add import discover
from hongyan.cli.errors import UNAVAILABLE
from hongyan.cli.output import server
from hongyan.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hongyan.app import App, Finding
    from hongyan.store import Account

_COLOURS = {"ok": "green", "note": "cyan", "warn": "yellow", "FAIL": "red"}


@click.command
@click.argument("target", metavar="ADDRESS|URL")
@click.option(
    "--report",
    type=click.File("w", encoding="utf-8"),
    help="Also write it to a file that can be shared: without the address and without secrets.",
)
@click.pass_obj
def doctor(app: App, target: str, *, report: TextIO | None) -> int:
    """Look at the servers of an account, of any ADDRESS, or at the one at URL.

    For an account of this profile the login is tried, too. Nothing is sent, fetched or changed.
    """
    examined = [(where, tuple(findings)) for where, findings in _examined(app, target)]
    for where, findings in examined:
        click.secho(server(where), bold=True)
        for finding in findings:
            level, *rest = _lines(finding)
            click.secho(level, fg=_COLOURS[finding.level.value])
            click.echo("".join(f"{line}\n" for line in rest), nl=False)
    if report:
        for where, findings in examined:
            lines = [server(where), *(line for each in findings for line in _lines(each))]
            report.write("".join(f"{line.replace(target, '<address>')}\n" for line in lines))
    bad = any(each.level.value == "FAIL" for _, findings in examined for each in findings)
    return UNAVAILABLE if bad else 0


def _lines(finding: Finding) -> list[str]:
    lines = [f"  {finding.level.value:<5} {finding.words}"]
    return [*lines, f"        {finding.remedy}"] if finding.remedy else lines


def _examined(app: App, target: str) -> Iterator[tuple[str, Iterable[Finding]]]:
    if "://" in target:
        yield target, app.examination.of_url(target)
        return
    account = _account(app, target)
    if account is not None:
        for url in urls_of(account):
            yield url, app.examination.of_account(account, url)
        return
    for proof in discover(app, target, use=None).proofs:
        url = str(proof.candidate.endpoint)
        yield url, app.examination.of_url(url)


def _account(app: App, address: str) -> Account | None:
    try:
        return app.accounts.choose(address)
    except NotFound:
        return None
