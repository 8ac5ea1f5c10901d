"""The harness itself: what it measures, how it reckons, what it prints; tiny, and without servers."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from bench.clients import pile
from bench.letters import folder_of, letter
from bench.measure import ClientFailed, Job, Result, Sample, contest, measure
from bench.plan import FULL, QUICK, Plan
from bench.site import WRITER, Site
from bench.table import HONGYAN, Bar, Table, compared
from bench.works import WORKS, Work, mime, pop3, smtp, store

from bench import peers
from tests.live.servers import Unavailable, User
from tests.support.generate import messages


def python(code: str, *, name: str = HONGYAN, messages: int = 1, octets: int = 0) -> Job:
    return Job(name=name, command=(sys.executable, "-c", code), messages=messages, octets=octets)


def reports(seconds: float, *, done: int = 1) -> str:
    return (
        "import json; print(json.dumps("
        f"{{'seconds': {seconds}, 'cpu': 0.5, 'messages': {done}, 'octets': 7}}))"
    )


def result(*seconds: float, name: str = HONGYAN, messages: int = 10) -> Result:
    job = python("", name=name, messages=messages, octets=5_000_000)
    return Result(job, tuple(Sample(each, each / 2, 30_000_000) for each in seconds))


def test_a_program_is_measured_as_a_whole() -> None:
    sample = measure(python("import time; time.sleep(0.1); x = bytearray(60_000_000)"))
    assert 0.1 < sample.seconds < 5
    assert 0 < sample.cpu < 5
    assert 60_000_000 < sample.peak < 120_000_000


def test_memory_of_the_bench_itself_is_not_counted() -> None:
    held = bytearray(200_000_000)
    assert measure(python("pass")).peak < 100_000_000
    assert held


def test_a_client_says_what_its_work_took() -> None:
    sample = measure(python(reports(0.25)))
    assert (sample.seconds, sample.cpu) == (0.25, 0.5)
    assert sample.report["octets"] == 7


def test_a_client_that_did_less_is_no_result() -> None:
    with pytest.raises(ClientFailed, match="0 messages of 7 octets, not 1 of 7"):
        measure(python(reports(0.25, done=0), octets=7))


def test_a_client_that_fails_shows_its_last_words() -> None:
    with pytest.raises(ClientFailed, match=r"hongyan ended with 3: no such server"):
        measure(python("import sys; print('no such server'); sys.exit(3)"))
    with pytest.raises(ClientFailed, match="no-such-goose"):
        measure(Job(name="x", command=("no-such-goose",), messages=1, octets=0))


def test_each_turn_begins_with_another_client() -> None:
    order: list[str] = []
    jobs = [
        Job(name=name, command=("true",), messages=1, octets=0, ready=partial(order.append, name))
        for name in "abc"
    ]
    results = contest(jobs, 3)
    assert "".join(order) == "abcbcacab"
    assert {name: len(each.samples) for name, each in results.items()} == {"a": 3, "b": 3, "c": 3}


def test_one_that_fails_does_not_keep_back_the_others() -> None:
    results = contest([python("pass"), python("raise SystemExit(1)", name="peer")], 2)
    assert results[HONGYAN].ran
    assert not results["peer"].ran
    assert results["peer"].seconds == math.inf
    text = str(compared("title", results))
    assert "peer ended with 1" in text


def test_one_failure_is_told_and_the_good_runs_count(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"import pathlib; p = pathlib.Path({str(mark)!r}); p.exists() or (p.touch(), exit(1))"
    result = contest([python(code)], 3)[HONGYAN]
    assert len(result.samples) == 2
    assert result.ran
    assert "ended with 1" in str(compared("title", {HONGYAN: result}))


def test_medians_spread_and_rates() -> None:
    own = result(2.0, 1.0, 9.0)
    assert own.seconds == 2.0
    assert own.spread == (1.0, 9.0)
    assert own.each == 0.2
    assert own.rate == 2.5
    assert own.cpu_per_megabyte == 0.2


def test_bars_are_told_plainly() -> None:
    assert str(Bar("round trips", 4, 5)) == "bar: round trips: 4.00 (<= 5) met"
    assert str(Bar("times poplib", 3.5, 4, at_most=False)).endswith("3.50 (>= 4) NOT met")
    assert not Bar("time", math.inf, 5).met


def test_the_table_lines_up_and_compares_by_message() -> None:
    peer = result(2.0, name="peer", messages=5)
    table = compared("POP3", {HONGYAN: result(2.0), "peer": peer}, bars=[Bar("x", 1, 2)])
    lines = str(table).splitlines()
    assert lines[0] == "POP3"
    assert lines[2].split()[0] == "client"
    assert lines[4].split()[-1] == "1.00"
    assert lines[5].split()[-1] == "2.00", "half of the messages in the same time"
    assert len({len(line) for line in lines[1:6]}) == 1
    assert lines[6] == "bar: x: 1.00 (<= 2) met"


def test_plans() -> None:
    assert FULL.runs >= 5
    assert FULL.scaled(2000) == 2000
    assert QUICK.scaled(2000) == 200
    assert QUICK.scaled(5, least=3) == 3


def test_letters_are_files_of_the_size_asked_for(tmp_path: Path) -> None:
    letters = folder_of(tmp_path / "letters", 3, 8192)
    contents = [path.read_bytes() for path in sorted(letters.folder.iterdir())]
    assert letters.octets == sum(map(len, contents))
    assert len(set(contents)) == 3
    for content in contents:
        assert abs(len(content) / 8192 - 1) < 0.05
        assert content.isascii()
        assert content.endswith(b"\r\n")
        assert b"\n." not in content
    assert letters.first(2).octets == sum(map(len, contents[:2]))
    assert len(letter(1_000_000, seed=1)) == pytest.approx(1_000_000, rel=0.01)


def test_a_pile_is_read_back(tmp_path: Path) -> None:
    given = list(messages(10, 3))
    assert pile.write(tmp_path / "pile", given) == list(map(len, given))
    assert pile.read(tmp_path / "pile", 4) == given[:4]


def test_settings_of_peers_are_private(tmp_path: Path) -> None:
    service = peers.Service(110, User("a@example.test", "secret"), tmp_path)
    for command in (peers.mpop(service), peers.getmail(service), peers.fetchmail(service)):
        (path,) = (Path(word) for word in command if word.endswith(".settings"))
        assert path.stat().st_mode & 0o077 == 0
        assert "{" not in path.read_text("utf-8")


def test_a_peer_that_wrote_too_little_is_no_result(tmp_path: Path) -> None:
    service = peers.Service(110, User("a@example.test", "secret"), tmp_path)
    service.forget()
    (tmp_path / "mpop.mbox").write_bytes(b"x" * 95)
    service.check(100)
    with pytest.raises(ClientFailed, match="95 octets, not 1000"):
        service.check(1000)


@pytest.mark.parametrize("work", [mime.run, store.run])
def test_the_works_without_servers_run(work: Work) -> None:
    tiny = Plan(runs=1, share=0.002)
    with Site() as site:
        tables = list(work(site, tiny))
        folder = site.folder
    assert tables
    assert not [note for table in tables for note in table.notes]
    assert all(isinstance(table, Table) and table.rows for table in tables)
    assert not folder.exists()


def scripts(jobs: Iterator[Job]) -> list[Job]:
    """The clients that need no program of the system."""
    return [job for job in jobs if job.command[0] == sys.executable]


def test_every_script_fetches_and_submits_all(tmp_path: Path) -> None:
    with Site() as site:
        try:
            ports = (site.dovecot.pop3, site.submission.data, site.sink)
        except Unavailable as why:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(why))
        drop = site.maildrop("tiny", messages(5, 7))
        letters = folder_of(tmp_path / "letters", 2, 2000)
        jobs = scripts(pop3.jobs(tmp_path / "pop3", ports[0], pop3.offered(ports[0]), drop, {}))
        for port, user in zip(ports[1:], (WRITER, smtp.STRANGER), strict=True):
            jobs += scripts(smtp.jobs(site, port, user, letters))
        for job in jobs:
            assert measure(job).report["messages"] == job.messages, job.name
    assert {job.name for job in jobs} >= {HONGYAN, "bound", "poplib", "minimal", "smtplib"}


def test_every_work_has_a_name() -> None:
    assert list(WORKS) == [
        "pop3", "smtp", "imap", "memory", "roundtrips", "mime", "store", "imapsync", "server", "gui",
        "idle",
    ]  # fmt: skip
