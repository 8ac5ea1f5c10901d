"""``hongyan demo``: the whole program on its own little mail host, without an account."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hongyan.app import SERVE, Address, demo_profile, move_in, now, serve_until_told
from hongyan.cli.browser import open_privately
from hongyan.cli.email import HEADS, STYLES, row
from hongyan.cli.output import octets, table
from hongyan.cli.progress import progress
from hongyan.cli.show import read
from hongyan.demo.host import DemoHost
from hongyan.errors import TimedOut
from hongyan.mime.builder import Draft, parse_recipients
from hongyan.store import Role

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Account, Email

_FRIEND = "小雁 <xiaoyan@goose.example>"
_SUBJECT = "鸿雁来信"
_TEXT = """你好！这是我用鸿雁写的第一封信。

It went out over SMTP, and your answer will come back over POP3.
"""
_PATIENCE = 8.0


@click.command
@click.option("--once", is_flag=True, help="Make one whole round trip, show each step, and leave.")
@click.option("--no-browser", is_flag=True, help="Only print the link of the page.")
def demo(*, once: bool, no_browser: bool) -> None:
    """Start a mail host on this machine with some sample mail, and a throw-away profile for it.

    Nothing leaves the machine, and nothing stays when you end it with Ctrl-C.
    """
    with DemoHost() as host, demo_profile(host) as app:
        account = app.accounts.choose(None)
        step(f"A mail host gives mail at {host.pop3_url.partition('?')[0]}")
        step(f"and takes mail at {host.smtp_url.partition('?')[0]}, both with TLS")
        step(f"A throw-away profile for {account.address} lies in {app.home}")
        fetch(app, account)
        app.sending.file_sent(account, host.sent)  # for which POP3 has no place
        move_in(app, account)
        if once:
            round_trip(app, account)
        else:
            with suppress(KeyboardInterrupt):
                host.maildrop.on_letter = (
                    app.workers.wake
                )  # POP3 cannot tell, and nobody likes to wait
                serve(app, account, browser=not no_browser)
            click.echo("\nThe demo host has stopped.")


def step(text: str) -> None:
    """Print what was done."""
    click.echo(f"{click.style('✓', fg='green')} {text}")


def fetch(app: App, account: Account) -> int:
    """Fetch what is new and say so; return how many messages came."""
    start = time.monotonic()
    with progress() as report:
        collected = app.fetching.fetch(account, report)
    count = collected.messages if collected else 0
    size = octets(collected.octets) if collected else ""
    step(f"Fetched {count} messages over POP3, {size}, in {time.monotonic() - start:.2f} s")
    return count


def round_trip(app: App, account: Account) -> None:
    """Send, deliver, fetch the answer, search and show."""
    draft = Draft(
        from_=app.sending.identity(account),
        to=parse_recipients(_FRIEND),
        subject=_SUBJECT,
        text=_TEXT,
    )
    item = app.sending.queue(account, draft)
    (sent,) = app.sending.send_due(account, only=item)
    step(
        f"Sent {_SUBJECT!r} over SMTP to {_FRIEND}: {sent.state.value}, {sent.words or 'accepted'}"
    )
    answer = wait_for_answer(app, account, sent.message_id)
    step(f"The answer came, {answer.subject!r}, and is kept as {answer.id}")
    hits = app.store.search.find("鸿雁", limit=3)
    if answer.id not in {hit.id for hit in hits}:
        raise TimedOut("the answer is not found by the search")
    step("Searched for 鸿雁, two characters, in all messages:")
    today = now()
    rows = [row(app.store.messages.get(hit.id), today) for hit in hits]
    table(HEADS, rows, empty="", styles=STYLES)
    step(f"Shown, as 'hongyan show {answer.id}' does:")
    click.echo()
    read(app, answer.id)
    click.echo()
    step("The round trip is complete")


def wait_for_answer(app: App, account: Account, message_id: str) -> Email:
    """Fetch until the answer to ``message_id`` is here. Raises `TimedOut`."""
    inbox = app.store.mailboxes.find(account.id, Role.INBOX)
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        app.fetching.fetch(account)
        for email in app.store.messages.page(inbox.id, limit=10):
            if message_id in email.in_reply_to:
                return email
        time.sleep(0.1)
    raise TimedOut(f"no answer came within {_PATIENCE:.0f} seconds")


def serve(app: App, account: Account, *, browser: bool) -> None:
    """Tell how to go on, open the page, and keep all of it up until the person has had enough."""
    program = _called()
    inbox = app.store.mailboxes.find(account.id, Role.INBOX)
    (newest,) = app.store.messages.page(inbox.id, limit=1)
    server = app.server(Address())
    link = server.site.start_link()
    click.echo(
        f"""
{click.style("Hongyan is ready", bold=True)}: {link}

Somebody answers whatever you send to any .example address. In another terminal:

    export HONGYAN_HOME={app.home}
    {program} list
    {program} search 发票
    {program} show {newest.id}
    {program} send --to xiaoyan@goose.example --subject Hello --body -

Ctrl-C ends it and leaves nothing behind."""
    )
    if browser:
        # What the browser asks for waits in the socket until the server has begun.
        open_privately(link, app.home)
    serve_until_told(app.store, [app.workers, server], what=SERVE)


def _called() -> str:
    """Return how the person calls this program in another terminal."""
    if shutil.which("hongyan"):
        return "hongyan"
    by_module = Path(sys.argv[0]).name == "__main__.py"
    return f"{sys.executable} -m hongyan" if by_module else sys.argv[0]
