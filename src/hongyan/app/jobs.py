"""Long pieces of work that somebody started and may end: each in a thread, its progress as data."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, TypeAlias

from hongyan.errors import Cancelled, HongyanError
from hongyan.reasons import Reason

_KEPT: Final = 20
_BETWEEN: Final = 0.2  # seconds at least between two values that are told
_STOP_WITHIN: Final = 1.5  # seconds


class JobState(Enum):
    """How a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job at one moment; totals are 0 while nobody knows them.

    ``about`` says what it works on; ``result`` what it came to, once it is done.
    """

    id: str
    kind: str
    about: str
    state: JobState = JobState.RUNNING
    done: int = 0
    total: int = 0
    octets: int = 0
    total_octets: int = 0
    error: HongyanError | None = None
    result: Mapping[str, Any] = field(default_factory=dict)


Advance: TypeAlias = Callable[[int, int, int, int], None]
Work: TypeAlias = Callable[[Advance], Mapping[str, Any]]


class Jobs:
    """The jobs of a profile while it is served: see `hongyan.app.serving.Service`."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._cancelled: set[str] = set()
        self._threads: dict[str, threading.Thread] = {}
        self._subscribers: list[Callable[[Job], None]] = []
        self._count = 0

    def begin(self, kind: str, about: str, work: Work) -> str:
        """Have ``work`` done in a thread of its own; return the job's id."""
        with self._lock:
            self._count += 1
            job = Job(id=f"j{self._count}", kind=kind, about=about)
            thread = threading.Thread(target=self._run, args=(job, work), name=job.id, daemon=True)
            self._threads[job.id] = thread
        self._tell(job)
        thread.start()
        return job.id

    def list(self) -> tuple[Job, ...]:
        """Return the last jobs, oldest first."""
        with self._lock:
            return tuple(self._jobs.values())

    def cancel(self, job_id: str) -> None:
        """Have a job end at its next step; what it has done so far stays."""
        with self._lock:
            self._cancelled.add(job_id)

    def subscribe(self, take: Callable[[Job], None]) -> None:
        """Hand every value from now on to ``take``, which neither blocks nor raises."""
        self._subscribers.append(take)

    def start(self) -> None:
        """Do nothing: jobs begin when somebody wants them."""

    def stop(self) -> None:
        """Cancel all that run, and wait a moment for them."""
        with self._lock:
            threads = tuple(self._threads.values())
            self._cancelled |= self._threads.keys()
        deadline = time.monotonic() + _STOP_WITHIN
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, job: Job, work: Work) -> None:
        latest, told = job, self._monotonic()

        def advance(done: int, total: int, octets: int, total_octets: int) -> None:
            nonlocal latest, told
            if job.id in self._cancelled:
                raise Cancelled(Reason.ENDED_HERE.of())
            latest = replace(job, done=done, total=total, octets=octets, total_octets=total_octets)
            if self._monotonic() - told >= _BETWEEN:
                told = self._monotonic()
                self._tell(latest)

        try:
            result = work(advance)
        except Cancelled:
            ended = replace(latest, state=JobState.CANCELLED)
        except HongyanError as error:
            ended = replace(latest, state=JobState.FAILED, error=error)
        except Exception as error:  # noqa: BLE001  # whatever it is, somebody waits for its end
            words = f"this is a defect of the program: {type(error).__name__}: {error}"
            ended = replace(latest, state=JobState.FAILED, error=HongyanError(words))
        else:
            ended = replace(latest, state=JobState.DONE, result=result)
        with self._lock:
            self._threads.pop(job.id, None)
            self._cancelled.discard(job.id)
        self._tell(ended)

    def _tell(self, job: Job) -> None:
        with self._lock:
            self._jobs[job.id] = job
            for old in list(self._jobs)[:-_KEPT]:
                if old not in self._threads:
                    del self._jobs[old]
        for take in self._subscribers:
            take(job)
