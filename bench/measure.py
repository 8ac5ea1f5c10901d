"""One client, one process: what it took, again and again, in turns with its peers.

Time and CPU of a client that prints a report (a library in a script) are those of its work, from
before it connects until after its goodbye; of a program, those of its whole process. Memory is
always the whole process's peak. A client must show that it did all of the work.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[1]
LAUNCH = Path(__file__).with_name("launch.py")
MEGABYTE = 1_000_000


class ClientFailed(Exception):
    """A client ended with an error, too late, or without having done its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A client and its work: ``messages`` of ``octets`` in all.

    ``ready`` is called before each run, unmeasured, and ``check`` after it. A run that takes more
    than ``longest`` seconds is given up.
    """

    name: str
    command: tuple[str, ...]
    messages: int
    octets: int
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], object] = lambda: None
    check: Callable[[], object] = lambda: None
    longest: float = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds, CPU seconds, the peak of memory in octets, all that the client reported."""

    seconds: float
    cpu: float
    peak: int
    report: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The runs of a job that ended well, and the last words of one that did not."""

    job: Job
    samples: tuple[Sample, ...]
    failure: str = ""

    @property
    def ran(self) -> bool:
        """Whether any run ended well."""
        return bool(self.samples)

    @property
    def seconds(self) -> float:
        """The median; without end when the client failed."""
        return statistics.median([sample.seconds for sample in self.samples] or [math.inf])

    @property
    def spread(self) -> tuple[float, float]:
        """The quickest and the slowest run."""
        times = [sample.seconds for sample in self.samples]
        return min(times), max(times)

    @property
    def each(self) -> float:
        """Seconds a message, by the median."""
        return self.seconds / self.job.messages

    @property
    def cpu(self) -> float:
        """The median of CPU seconds; without end when the client failed."""
        return statistics.median([sample.cpu for sample in self.samples] or [math.inf])

    @property
    def cpu_per_megabyte(self) -> float:
        """CPU seconds a megabyte."""
        return self.cpu / (self.job.octets / MEGABYTE)

    @property
    def peak(self) -> int:
        """The median of the memory peaks, in octets."""
        return round(statistics.median(sample.peak for sample in self.samples))

    @property
    def rate(self) -> float:
        """Megabytes a second, by the median."""
        return self.job.octets / MEGABYTE / self.seconds


def script(name: str, **parameters: object) -> tuple[str, ...]:
    """Return the command of the client ``bench/clients/NAME.py`` with its parameters."""
    return (sys.executable, "-m", f"bench.clients.{name}", json.dumps(parameters))


def contest(jobs: Sequence[Job], runs: int) -> dict[str, Result]:
    """Run all jobs in turns, each round beginning with another one; return results by name.

    A client that fails twice is left out from then on; some peers hang now and then.
    """
    samples: dict[str, list[Sample]] = {job.name: [] for job in jobs}
    failures: dict[str, list[str]] = {job.name: [] for job in jobs}
    for turn in range(runs):
        start = turn % len(jobs)
        for job in (*jobs[start:], *jobs[:start]):
            if len(failures[job.name]) < 2:
                try:
                    samples[job.name].append(measure(job))
                except ClientFailed as error:
                    failures[job.name].append(str(error))
    return {
        job.name: Result(job, tuple(samples[job.name]), "; ".join(failures[job.name][-1:]))
        for job in jobs
    }


def measure(job: Job) -> Sample:
    """Run a job once. Raises `ClientFailed`."""
    job.ready()
    folder = Path(tempfile.mkdtemp(prefix="hongyan-bench-run-"))
    try:
        told = _launch(job, folder / "log")
        text = (folder / "log").read_text("utf-8", "replace")
    finally:
        shutil.rmtree(folder)
    if told["code"]:
        raise ClientFailed(f"{job.name} ended with {told['code']:g}: {text.strip()[-300:]}")
    report = _report(text)
    if report:
        _check(job, report)
    job.check()
    took = {**told, **report}
    return Sample(took["seconds"], took["cpu"], int(told["peak"]), report)


def _launch(job: Job, log: Path) -> dict[str, float]:
    command = [sys.executable, "-I", "-S", str(LAUNCH), str(log), *job.command]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", **job.environment}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            out, err = process.communicate(timeout=job.longest)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise ClientFailed(f"{job.name} took more than {job.longest:g} s") from None
            raise
    if process.returncode:
        raise ClientFailed(f"{job.name}: {err.decode('utf-8', 'replace').strip()[-300:]}")
    told: dict[str, float] = json.loads(out)
    return told


def _report(text: str) -> dict[str, Any]:
    """Return what the client said of itself in its last line, if it did."""
    line = text.strip().rpartition("\n")[2]
    return dict(json.loads(line)) if line.startswith('{"seconds"') else {}


def _check(job: Job, report: Mapping[str, Any]) -> None:
    if report["messages"] != job.messages or report["octets"] < job.octets:
        raise ClientFailed(
            f"{job.name} did {report['messages']:g} messages of {report['octets']:g} octets, "
            f"not {job.messages} of {job.octets}"
        )
