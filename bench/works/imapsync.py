"""Synchronising by IMAP: a first visit to 10,000 messages, stored and indexed; nothing new.

Beside mbsync (isync) with an index made by mu, and by notmuch, both with Chinese words found, and
offlineimap, which gets fewer of the same messages. Round trips after the login are those of a whole
visit, counted by the relay, less those of a visit that only logs in.
"""

from __future__ import annotations

import imaplib
import shutil
import time
from itertools import islice
from typing import TYPE_CHECKING

from bench import peers
from bench.measure import ClientFailed, Job, contest, measure, script
from bench.site import distance
from bench.table import HONGYAN, Bar, Table, compared
from tests.live.servers import LOOPBACK
from tests.support.generate import messages, prose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.measure import Result, Sample
    from bench.plan import Plan
    from bench.site import Maildrop, Site
    from tests.support.relay import Relay

SEED, COUNT, FEWER, MAILBOXES = 7, 10_000, 500, 50
MU, NOTMUCH = "mbsync, mu index", "mbsync, notmuch new"
LONGEST = 400.0
NOTHING_HEADS = ("a visit", "seconds", "CPU s", "round trips", "after the login")

MBSYNC = """\
IMAPAccount a
Host {host}
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs PLAIN

IMAPStore far
Account a

MaildirStore near
Path {folder}/mail/
Inbox {folder}/mail/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Near
SyncState *
"""
NOTMUCH_CONFIG = """\
[database]
path={folder}/mail
[user]
name=a
primary_email={user}
[new]
tags=unread
"""
OFFLINEIMAP = """\
[general]
accounts = a
metadata = {folder}/state
ui = quiet
fsync = False
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {folder}/mail
[Repository far]
type = IMAP
remotehost = {host}
remoteport = {port}
remoteuser = {user}
remotepass = {password}
ssl = no
starttls = no
"""


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure all."""
    count = plan.scaled(COUNT, least=50)
    drop = site.maildrop("imapsync", messages(count, SEED))
    fewer = site.maildrop("imapsync-few", islice(messages(count, SEED), plan.scaled(FEWER)))
    runs = max(1, plan.runs - 3)
    yield _first(site, runs, drop, fewer, mail="few words")
    in_prose = site.maildrop("imapsync-prose", messages(count, SEED, line=prose))
    yield _first(site, runs, in_prose, fewer, mail="prose")
    yield _far(site, runs, drop)
    yield _nothing_new(site, plan, drop)


def _first(site: Site, runs: int, drop: Maildrop, fewer: Maildrop, *, mail: str) -> Table:
    for its in (drop, fewer):  # the server makes its indexes for whoever comes first
        contest([_hongyan(site, "first", site.dovecot.imap, its)], 1)
    jobs = [_hongyan(site, HONGYAN, site.dovecot.imap, drop), *_programs(site, drop, fewer)]
    results = contest(jobs, runs)
    title = f"IMAP, a first visit, {drop.messages:,} messages of {mail}, indexed, 0 ms"
    return compared(title, results, bars=tuple(_bars(results)))


def _bars(results: Mapping[str, Result]) -> Iterator[Bar]:
    own = results[HONGYAN]
    for name, limit in {MU: 2.5, NOTMUCH: 8.0}.items():
        if name in results and results[name].ran and own.ran:
            yield Bar(f"times {name}", results[name].each / own.each, limit, at_most=False)


def _far(site: Site, runs: int, drop: Maildrop) -> Table:
    with distance(site.dovecot.imap, 0) as near, distance(site.dovecot.imap, 0.05) as far:
        jobs = [
            _hongyan(site, "hongyan, 0 ms", near.port, drop),
            _hongyan(site, "hongyan, 50 ms", far.port, drop),
        ]
        results = contest(jobs, runs)
    close, distant = results.values()
    bars = [Bar("time at 50 ms over that at 0 ms", distant.seconds / close.seconds, 1.1)]
    return compared("IMAP, a first visit, the relay at two distances", results, bars=bars)


def _hongyan(site: Site, name: str, port: int, drop: Maildrop) -> Job:
    home = site.folder / f"profile-{name}-{port}"
    return Job(
        name=name,
        command=_script(port, drop, str(home)),
        messages=drop.messages,
        octets=drop.octets
        - 2 * drop.messages,  # POP3's count may end each with CRLF; IMAP does not
        ready=lambda: shutil.rmtree(home, ignore_errors=True),
        longest=LONGEST,
    )


def _script(port: int, drop: Maildrop, home: str) -> tuple[str, ...]:
    url = f"imap://{LOOPBACK}:{port}?tls=none"
    who = {"username": drop.user.address, "password": drop.user.password}
    return script("hongyan_imapsync", url=url, **who, home=home)


def _programs(site: Site, drop: Maildrop, fewer: Maildrop) -> Iterator[Job]:
    """Yield a job for each peer that is there."""
    port = site.dovecot.imap
    fetch = "mbsync -q -a -c {0}/mbsyncrc"
    if peers.installed("mbsync") and peers.installed("mu"):
        start = "mu init --quiet --muhome={0}/mu --maildir={0}/mail"
        index = "mu index --quiet --muhome={0}/mu"
        yield _program(site, MU, port, drop, f"{fetch} && {start} && {index}")
    if peers.installed("mbsync") and peers.installed("notmuch"):
        index = "NOTMUCH_CONFIG={0}/notmuch notmuch new --quiet"
        yield _program(site, NOTMUCH, port, drop, f"{fetch} && {index}")
    if peers.installed("offlineimap"):
        yield _program(site, "offlineimap", port, fewer, "offlineimap -o -c {0}/offlineimaprc")


def _program(site: Site, name: str, port: int, drop: Maildrop, line: str) -> Job:
    folder = site.folder / name.replace(", ", "-").replace(" ", "-")

    def ready() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "mail").mkdir(parents=True)
        settings = {"mbsyncrc": MBSYNC, "notmuch": NOTMUCH_CONFIG, "offlineimaprc": OFFLINEIMAP}
        for file, text in settings.items():
            path = folder / file
            path.touch(mode=0o600)
            values = {"user": drop.user.address, "password": drop.user.password}
            path.write_text(text.format(host=LOOPBACK, port=port, folder=folder, **values))

    return Job(
        name=name,
        command=("sh", "-c", line.format(folder)),
        messages=drop.messages,
        octets=drop.octets,
        environment={"XAPIAN_CJK_NGRAM": "1", "HOME": str(folder)},
        ready=ready,
        check=lambda: _count(folder / "mail", drop.messages),
        longest=LONGEST,
    )


def _count(mail: Path, wanted: int) -> None:
    found = sum(1 for part in ("cur", "new") for _ in mail.glob(f"*/{part}/*"))
    if found != wanted:
        raise ClientFailed(f"{mail.parent.name} has {found} messages, not {wanted}")


def _nothing_new(site: Site, plan: Plan, drop: Maildrop) -> Table:
    """Measure visits that find nothing new: one large mailbox, and fifty small ones."""
    rows: list[tuple[str, ...]] = []
    bars: list[Bar] = []
    large, fifty = f"hongyan, {drop.messages:,} messages", f"hongyan, {MAILBOXES} mailboxes"
    with distance(site.dovecot.imap, 0.05) as relay:
        for name, its, limit in ((large, drop, 4), (fifty, _many(site), 5)):
            best, whole, base = _again(site, plan, relay, its)
            after = whole - base
            rows.append((name, f"{best.seconds:.3f}", f"{best.cpu:.3f}", f"{whole}", f"{after}"))
            bars.append(Bar(f"{name}: round trips after the login", after, limit))
            if its is drop:
                bars.append(Bar(f"{name}: our own CPU seconds", best.cpu, 0.06))
    return Table("IMAP, nothing new", NOTHING_HEADS, tuple(rows), tuple(bars))


def _again(site: Site, plan: Plan, relay: Relay, its: Maildrop) -> tuple[Sample, int, int]:
    """Return the best of some visits with nothing new, and the round trips of one and of a login.

    The second visit still sees what the first has not told, so the third is the first that counts.
    """
    home = str(site.folder / f"again-{its.user.address}")
    near = _script(site.dovecot.imap, its, home)
    measure(Job(name="first", command=near, messages=its.messages, octets=0, longest=LONGEST))
    idle = Job(name="again", command=near, messages=0, octets=0)
    again = [measure(idle) for _ in range(plan.runs + 1)][1:]
    base, whole = (_trips(relay, _script(relay.port, its, where)) for where in ("", home))
    return min(again, key=lambda each: each.cpu), whole, base


def _trips(relay: Relay, command: tuple[str, ...]) -> int:
    time.sleep(1.0)  # Dovecot, called again at once, may take a second to start another process
    before = relay.counts.round_trips
    measure(Job(name="round trips", command=command, messages=0, octets=0))
    return relay.counts.round_trips - before


def _many(site: Site) -> Maildrop:
    """Return an account of fifty mailboxes besides the inbox, with a message each."""
    letters = list(messages(MAILBOXES, SEED))
    drop = site.maildrop("imapsync-many", letters[:1])
    with imaplib.IMAP4(LOOPBACK, site.dovecot.imap) as client:
        client.login(drop.user.address, drop.user.password)
        for number, letter in enumerate(letters):
            client.create(f"Box{number}")
            client.append(f"Box{number}", "", "", letter)
    octets = drop.octets + sum(map(len, letters))
    return type(drop)(drop.user, MAILBOXES + 1, octets)
