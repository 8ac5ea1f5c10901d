"""The disk fails at the n-th thing it is asked for, for every n (FAULTS 28).

Full, read-only, an error of the device; the process killed there; the power cut there, with what was
not synced lost, or some of it. The oracle: each step is done or not done, never half; what was
acknowledged is there; the store is whole, and goes on where it was. By default every few requests
are tried, HONGYAN_EVERY_WRITE=1 tries all; how many is printed.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from hongyan.errors import StoreError
from hongyan.store import Outcome, Role, State, Store
from hongyan.store.conversion import decrypt, encrypt
from hongyan.store.envelope import is_encrypted
from tests.store.encrypted import KEY, PLACE, ask
from tests.store.faulty import Fault, FaultyDisk, faulty_disk
from tests.store.uidls import known_uidls

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
SCHEMA_1 = Path(__file__).parent / "fixtures" / "schema-1.db.gz"
STEP = 1 if os.environ.get("HONGYAN_EVERY_WRITE") else 61
Seen = dict[str, object]


def clock() -> datetime:
    return NOW


def letter(number: int, size: int = 500) -> bytes:
    head = f"Subject: {number}\r\nMessage-ID: <{number}@x>\r\n\r\n发票 {number}\r\n"
    return head.encode() + b"wild goose\r\n" * (size // 12)


def add(store: Store, *numbers: int, size: int = 500) -> None:
    with store.transaction():
        for number in numbers:
            raw = letter(number, size)
            store.messages.add("a1", "b1", raw, received_at=NOW, uidl=str(number))


def send(store: Store) -> None:
    store.outbox.add("a1", letter(99), sender="a@b.c", recipients=["d@e.f"], message_id="m@x")


def checkpoint(store: Store) -> None:
    store._database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")


STEPS: dict[str, Callable[[Store], object]] = {
    "letters that arrive": lambda store: add(store, 1, 2, 3),
    "a large one": lambda store: add(store, 4, size=300_000),
    "marked": lambda store: store.messages.patch_keywords("m1", add=["$seen", "work"]),
    "moved": lambda store: store.messages.move("m2", "b2"),
    "deleted": lambda store: store.messages.delete("m3"),
    "queued": send,
    "claimed": lambda store: store.outbox.claim("o1"),
    "begun": lambda store: store.outbox.start_content("o1"),
    "sent": lambda store: store.outbox.settle("o1", {"d@e.f": Outcome(State.SENT, "250 ok")}),
    "a checkpoint": checkpoint,
    "indexed anew": lambda store: store.reindex(),
    "deleted, the large one": lambda store: store.messages.delete("m4"),
}


def seen(store: Store) -> Seen:
    """All that a person could see of the store."""
    boxes = store.mailboxes.list("a1")
    emails = {each.id: each for box in boxes for each in store.messages.page(box.id, limit=100)}
    return {
        "boxes": [(box.name, box.total, box.unread) for box in boxes],
        "letters": {
            id_: (store.messages.raw(id_), each.keywords, each.mailbox_ids)
            for id_, each in emails.items()
        },
        "known": known_uidls(store, "a1"),
        "found": {hit.id for hit in store.search.find("发票", limit=100)},
        "outbox": [(each.state, each.recipients) for each in store.outbox.list()],
        "state": store.changes.state("a1"),
    }


def work(home: Path, told: list[tuple[str, Seen]], *, patiently: bool = False) -> None:
    """Do all steps, telling what each came to; ``patiently``: try again what has failed.

    Raises `StoreError` where it does not.
    """
    with Store.open(home, clock=clock, key=ask) as store:
        store._database._writer.pragma("wal_autocheckpoint", 8)
        told.append(("opened", seen(store)))
        for name, act in STEPS.items():
            try:
                act(store)
            except StoreError:
                if not patiently:
                    raise
                if seen(store) == told[-1][1]:  # else it was done before the fault came
                    act(store)
            told.append((name, seen(store)))


@pytest.fixture
def folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyDisk]:
    with faulty_disk(monkeypatch) as made:
        yield made


def prepared(folder: Path) -> Path:
    home = folder / "before"
    with Store.open(home, clock=clock, key=ask) as store:
        store.accounts.add("a@b.c", secret="keychain")
        store.mailboxes.ensure("a1", Role.INBOX)
        store.mailboxes.ensure("a1", "Work")
    return home


def anew(before: Path) -> Path:
    home = before.with_name("home")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(before, home)
    return home


@pytest.mark.timeout(60 + 900 // STEP)
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_work(
    folder: Path, disk: FaultyDisk, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    count, requests = work_with(fault, disk, prepared(folder), step=STEP)
    with capsys.disabled():
        print(f"\n{fault.name}: {count} of {requests} requests to the disk failed")


@pytest.mark.timeout(60 + 900 // STEP)
@pytest.mark.parametrize("fault", [Fault.EIO, Fault.TORN], ids=lambda fault: fault.name)
def test_work_in_an_encrypted_profile(
    folder: Path, disk: FaultyDisk, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    disk.encrypting()
    encrypt(folder / "before", PLACE, key=KEY)
    count, requests = work_with(fault, disk, prepared(folder), step=2 * STEP)
    with capsys.disabled():
        print(f"\n{fault.name}: {count} of {requests} requests to the disk failed, encrypted")


def work_with(fault: Fault, disk: FaultyDisk, before: Path, *, step: int) -> tuple[int, int]:
    """Let each ``step``-th request of all steps fail; return how many did, and of how many."""
    undisturbed: list[tuple[str, Seen]] = []
    disk.arm(None, 0)
    work(anew(before), undisturbed)
    requests, count = disk.count, 0
    for at in range(1 + list(Fault).index(fault) % step, requests + 1, step):
        home = anew(before)
        told: list[tuple[str, Seen]] = []
        disk.arm(fault, at, seed=at)
        with suppress(StoreError):
            work(home, told, patiently=not fault.lasts)
        assert disk.struck
        disk.cut_power(home)
        assert told == undisturbed[: len(told)], at
        with Store.open(home, clock=clock, key=ask) as store:
            left = seen(store)
            assert left in [each for _, each in undisturbed[max(0, len(told) - 1) :][:2]], at
            assert store.check() == (), at
            add(store, 50)
            assert "50" in known_uidls(store, "a1")
        count += 1
    return count, requests


@pytest.mark.timeout(60 + 900 // STEP)
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_conversion(
    folder: Path, disk: FaultyDisk, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever fails, the profile is whole in one form or the other, and can be converted."""
    disk.encrypting()
    before = prepared(folder)
    with Store.open(before, clock=clock) as store:
        add(store, 1, 2)
        add(store, 3, size=300_000)
        wanted = seen(store)
    for convert in (partial(encrypt, place=PLACE, key=KEY), partial(decrypt, ask=ask)):
        disk.arm(None, 0)
        done = anew(before)
        convert(done)
        done = done.rename(folder / "done")
        requests, count = disk.count, 0
        for at in range(1 + list(Fault).index(fault) % 11, requests + 1, min(STEP, 11)):
            home = anew(before)
            disk.arm(fault, at, seed=at)
            with suppress(StoreError):
                convert(home)
            disk.cut_power(home)
            with Store.open(home, clock=clock, key=ask) as store:
                assert seen(store) == wanted, at
                assert store.check() == (), at
                assert store.blobs.leftovers() == ()
            if is_encrypted(home) == is_encrypted(before):
                convert(home)
            with Store.open(home, clock=clock, key=ask) as store:
                assert seen(store) == wanted, at
            assert not (home / "converting").exists()
            assert len([name for name in ("blobs", "sealed") if (home / name).exists()]) == 1
            count += 1
        with capsys.disabled():
            print(f"\n{fault.name}: {count} of {requests} requests of a conversion failed")
        shutil.rmtree(before)
        before = done.rename(before)


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_migration(
    folder: Path, disk: FaultyDisk, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    before = folder / "before"
    before.mkdir()
    (before / "mail.db").write_bytes(gzip.decompress(SCHEMA_1.read_bytes()))
    disk.arm(None, 0)
    with Store.open(anew(before), clock=clock) as store:
        wanted = seen(store)
    requests, count = disk.count, 0
    for at in range(1 + list(Fault).index(fault) % STEP, requests + 1, STEP):
        home = anew(before)
        disk.arm(fault, at, seed=at)
        with suppress(StoreError), Store.open(home, clock=clock):
            pass
        disk.cut_power(home)
        with Store.open(home, clock=clock) as store:
            assert seen(store) == wanted, at
            assert store.check() == (), at
        count += 1
    with capsys.disabled():
        print(f"\n{fault.name}: {count} of {requests} requests of a migration failed")
