"""Importing a Maildir and searching it, at ten thousand messages, a hundred thousand, a million.

Short messages (`tests.support.short`), so that the peers come to an end. They index the same
Maildir, at ten thousand in turns with us, at a hundred thousand once, and with ``--million`` at
that, which takes them hours. Their searches are a process each; the start of one is taken off.
"""

from __future__ import annotations

import shutil
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.indexers import indexers
from bench.measure import MEGABYTE, ClientFailed, Job, Sample, contest, measure, script
from bench.table import HONGYAN, Bar, Table
from tests.support.short import arrived, letters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.indexers import Indexer
    from bench.measure import Result
    from bench.plan import Plan
    from bench.site import Site

SEED = 7
QUERIES = ("estuary", "meeting", "river reeds", '"late train"', "会议", "发票", "회의", "Wildgänse")
TIMES = 200
ADD_HEADS = (
    "importing", "messages", "s", "msg/s", "at 10,000", "at the end", "CPU s", "peak MB",
    "MB on disk", "of the Maildir",
)  # fmt: skip
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
    sizes = [(10_000, plan.runs), (100_000, 1), *[(1_000_000, 1)] * plan.million]
    for size, runs in sizes:
        yield from _of_size(site.folder / "store", plan.scaled(size, least=300), runs=runs)


def _of_size(folder: Path, count: int, *, runs: int) -> Iterator[Table]:
    mail = write(folder / "mail", count)
    peers = indexers(folder / "peers", mail.folder)
    jobs = [_import(folder / "home", mail)]
    jobs += [peer.job(mail.count, mail.octets) for peer in peers]
    try:
        results = contest(jobs, runs)
        if all(result.ran for result in results.values()):
            yield _imported(folder / "home", mail, results)
            yield _found(folder / "home", mail, peers)
        else:
            failures = tuple(each.failure for each in results.values() if each.failure)
            yield Table(f"Store: {count:,} messages", ADD_HEADS, (), notes=failures)
    except ClientFailed as error:
        yield Table(f"Store: {count:,} messages", FIND_HEADS, (), notes=(str(error),))
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
        name=HONGYAN,
        command=script("hongyan_import", path=str(mail.folder), home=str(home)),
        messages=mail.count,
        octets=mail.octets,
        longest=7_200.0,
        ready=lambda: shutil.rmtree(home, ignore_errors=True),
    )


def _imported(home: Path, mail: Mail, results: dict[str, Result]) -> Table:
    size = on_disk(home)
    own = results[HONGYAN]
    rows = [_row(mail, result, size if result is own else 0) for result in results.values()]
    bars = [
        Bar("size on disk, of the Maildir's", size / mail.on_disk, 0.6),
        Bar("peak of memory, MB", own.peak / MEGABYTE, 200),
    ]
    for name, times in (("mu", 2.5), ("notmuch", 8.0)):
        if name in results:
            ratio = results[name].seconds / own.seconds
            bars.append(Bar(f"messages a second, times {name}'s", ratio, times, at_most=False))
    notes: tuple[str, ...] = ()
    if mail.count >= 100_000:
        seconds, cpu = (_kept(own.samples[-1], mail.count, by) for by in (1, 2))
        bars.append(Bar("pace at the end, of that at 10,000", seconds, 0.8, at_most=False))
        notes = (f"the same pace by CPU of the process that stores: {cpu:.2f}",)
    title = f"Store: importing {mail.count:,} messages"
    return Table(title, ADD_HEADS, tuple(rows), tuple(bars), notes)


def _row(mail: Mail, result: Result, size: int) -> tuple[str, ...]:
    last = result.samples[-1]
    is_told = mail.count >= 10_000 and "paces" in last.report
    paces = [_pace(last, at, 1) for at in (10_000, mail.count)] if is_told else []
    return (
        result.job.name, f"{mail.count:,}", f"{result.seconds:.1f}",
        f"{mail.count / result.seconds:,.0f}", *(f"{pace:,.0f}" for pace in paces),
        *[""] * (2 - len(paces)), f"{result.cpu:.1f}", f"{result.peak / MEGABYTE:.0f}",
        f"{size / MEGABYTE:.0f}" if size else "", f"{size / mail.on_disk:.2f}" if size else "",
    )  # fmt: skip


def _kept(own: Sample, count: int, by: int) -> float:
    return _pace(own, count, by) / _pace(own, 10_000, by)


def _pace(own: Sample, count: int, by: int) -> float:
    """Return messages a second around the one at ``count``: ``by`` the clock (1) or CPU (2)."""
    paces = own.report["paces"]
    last = min(count + 5_000, paces[-1][0])
    end = max(each for each in paces if each[0] <= last)
    begin = max((each for each in paces if each[0] <= end[0] - 10_000), default=[0, 0.0, 0.0])
    return float((end[0] - begin[0]) / (end[by] - begin[by]))


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
