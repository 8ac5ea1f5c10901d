"""Importing a Maildir and searching it, at ten thousand messages, a hundred thousand, a million.

Short messages (`tests.support.short`), so that the peers come to an end. They index the same
Maildir at ten thousand, and with ``--million`` at a hundred thousand; at a million they take hours.
Their searches are a process each; the start of one is taken off.
"""

from __future__ import annotations

import shutil
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.indexers import indexers
from bench.measure import MEGABYTE, ClientFailed, Job, Sample, measure, script
from bench.table import Bar, Table
from tests.support.short import arrived, letters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.indexers import Indexer
    from bench.plan import Plan
    from bench.site import Site

SEED = 7
QUERIES = ("estuary", "meeting", "river reeds", '"late train"', "会议", "发票", "회의", "Wildgänse")
TIMES = 200
ADD_HEADS = (
    "importing",
    "messages",
    "s",
    "msg/s",
    "CPU s",
    "peak MB",
    "MB on disk",
    "of the Maildir",
)
FIND_HEADS = ("finding, first 50", "hits", "median ms", "99 % ms", "mu ms", "notmuch ms")


@dataclass(frozen=True, slots=True)
class Mail:
    """A Maildir of short messages."""

    folder: Path
    count: int
    octets: int

    @property
    def on_disk(self) -> int:
        """What it takes on the disk."""
        return on_disk(self.folder / "cur")


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure."""
    sizes = [10_000, 100_000, *([1_000_000] if plan.million else [])]
    for size in sizes:
        count = plan.scaled(size, least=300)
        with_peers = size <= (100_000 if plan.million else 10_000)
        yield from _of_size(site.folder / "store", count, with_peers=with_peers)


def _of_size(folder: Path, count: int, *, with_peers: bool) -> Iterator[Table]:
    mail = write(folder / "mail", count)
    peers = indexers(folder / "peers", mail.folder) if with_peers else []
    try:
        own = measure(_import(folder / "home", mail))
        samples = {peer.name: measure(peer.job(mail.count, mail.octets)) for peer in peers}
        yield _imported(folder / "home", mail, own, samples)
        yield _found(folder / "home", mail, peers)
    except ClientFailed as error:
        yield Table(f"Store: {count:,} messages", ADD_HEADS, (), notes=(str(error),))
    finally:
        shutil.rmtree(folder)


def write(folder: Path, count: int) -> Mail:
    """Write ``count`` messages as a Maildir, with LF, all seen but one in twenty."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    octets = 0
    for number, raw in enumerate(letters(count, SEED)):
        flags = "" if number % 20 == 3 else "S"
        path = folder / "cur" / f"{int(arrived(number).timestamp())}.{number}.bench:2,{flags}"
        octets += path.write_bytes(raw.replace(b"\r\n", b"\n"))
    return Mail(folder, count, octets)


def on_disk(folder: Path) -> int:
    """Return the octets of all blocks below a folder."""
    paths = [folder, *folder.rglob("*")]
    return sum(path.lstat().st_blocks * 512 for path in paths)


def _import(home: Path, mail: Mail) -> Job:
    return Job(
        name="hongyan",
        command=script("hongyan_import", path=str(mail.folder), home=str(home)),
        messages=mail.count,
        octets=mail.octets,
        longest=7_200.0,
        ready=lambda: shutil.rmtree(home, ignore_errors=True),
    )


def _imported(home: Path, mail: Mail, own: Sample, peers: dict[str, Sample]) -> Table:
    size = on_disk(home)
    rows = [_row("hongyan", mail, own, size)]
    rows += [_row(name, mail, sample, None) for name, sample in peers.items()]
    bars = [
        Bar("size on disk, of the Maildir's", size / mail.on_disk, 0.6),
        Bar("peak of memory, MB", own.peak / MEGABYTE, 200),
    ]
    for name, times in (("mu", 2.5), ("notmuch", 8.0)):
        if name in peers:
            ratio = peers[name].seconds / own.seconds
            bars.append(Bar(f"messages a second, times {name}'s", ratio, times, at_most=False))
    if mail.count >= 100_000:
        kept = _pace(own, mail.count) / _pace(own, 10_000)
        bars.append(Bar("pace at the end, of that at 10,000", kept, 0.8, at_most=False))
    return Table(f"Store: importing {mail.count:,} messages", ADD_HEADS, tuple(rows), tuple(bars))


def _row(name: str, mail: Mail, sample: Sample, size: int | None) -> tuple[str, ...]:
    return (
        name, f"{mail.count:,}", f"{sample.seconds:.1f}", f"{mail.count / sample.seconds:,.0f}",
        f"{sample.cpu:.1f}", f"{sample.peak / MEGABYTE:.0f}",
        f"{size / MEGABYTE:.0f}" if size else "", f"{size / mail.on_disk:.2f}" if size else "",
    )  # fmt: skip


def _pace(own: Sample, count: int) -> float:
    """Return messages a second over the 5,000 before ``count``."""
    paces = own.report["paces"]
    end = max((each for each in paces if each[0] <= count), default=paces[-1])
    begin = max((each for each in paces if each[0] <= end[0] - 5_000), default=[0, 0.0])
    return float((end[0] - begin[0]) / (end[1] - begin[1]))


def _found(home: Path, mail: Mail, peers: list[Indexer]) -> Table:
    command = script("hongyan_find", home=str(home), queries=QUERIES, times=TIMES)
    told = measure(
        Job(name="hongyan", command=command, messages=mail.count, octets=0, longest=600.0)
    ).report
    others = {peer.name: {query: peer.seconds(query) for query in QUERIES} for peer in peers}
    rows = [_search(query, told["searches"][query], others) for query in QUERIES]
    rows.append(("a page of the mailbox", f"{mail.count:,}", *_times(told["pages"]), "", ""))
    medians = {query: _median(told["searches"][query]["seconds"]) for query in QUERIES}
    slowest = max(_last(told["searches"][query]["seconds"]) for query in QUERIES)
    bars = [
        Bar("slowest query's median, ms", max(medians.values()) * 1000, 10),
        Bar("slowest query's 99 %, ms", slowest * 1000, 50),
        Bar("a page of the mailbox, median, ms", _median(told["pages"]) * 1000, 5),
    ]
    if "notmuch" in others:
        worst = max(medians[query] / max(others["notmuch"][query], 1e-4) for query in QUERIES)
        bars.append(Bar("slowest against notmuch, times its time", worst, 1.0))
    return Table(f"Store: searching {mail.count:,} messages", FIND_HEADS, tuple(rows), tuple(bars))


def _search(
    query: str, told: dict[str, Any], others: dict[str, dict[str, float]]
) -> tuple[str, ...]:
    peers = (
        f"{others[name][query] * 1000:.1f}" if name in others else "" for name in ("mu", "notmuch")
    )
    return (query, f"{told['hits']:,}", *_times(told["seconds"]), *peers)


def _times(seconds: list[float]) -> tuple[str, str]:
    return f"{_median(seconds) * 1000:.2f}", f"{_last(seconds) * 1000:.2f}"


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds)


def _last(seconds: list[float]) -> float:
    return sorted(seconds)[min(len(seconds) - 1, len(seconds) * 99 // 100)]
