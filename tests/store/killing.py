"""Kills a process that stores mail, again and again, and looks each time at what is left.

``python killing.py arrivals|imports|conversions HOME TIMES SEED``: forks a child that adds messages
(large and small, one by one and in groups, with changes and deletions between) and says on a pipe
what was acknowledged, or one that imports an mbox, or one that encrypts or decrypts the profile;
ends it by SIGKILL at a random moment; then opens the store and compares. Prints what it found, as
JSON.
Forking from a process that has loaded everything makes a round take some 50 ms.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from hongyan.store import Arriving, Role, Store
from hongyan.store.conversion import decrypt, encrypt
from hongyan.store.envelope import is_encrypted
from hongyan.transfer import importing
from tests.store import encrypted
from tests.store.uidls import known_uidls

LETTERS = 600
TOGETHER = 30  # messages in a transaction of an import
CHECKPOINT_PAGES = 100  # a journal so short is put into the database while the child still works
Work = Callable[[Path, int, int], None]


def now() -> datetime:
    return datetime.now(UTC)


def letter(name: str) -> bytes:
    chance = random.Random(name)
    size = 300_000 if chance.random() < 0.06 else chance.randrange(100, 3_000)
    return f"Subject: {name}\r\n\r\n{name} 发票 {chance.randbytes(size // 2).hex()}\r\n".encode()


@contextmanager
def opened(home: Path) -> Iterator[Store]:
    """Open a store whose journal is short."""
    with Store.open(home, clock=now) as store:
        store._database._writer.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        yield store


def work(home: Path, round_: int, acknowledged: int) -> None:
    """Store mail without end; every line on ``acknowledged`` is a promise."""
    chance = random.Random(round_)
    with opened(home) as store:
        account, inbox = "a1", "b1"

        def told(name: str, id_: str) -> None:
            os.write(acknowledged, f"{name} {id_}\n".encode())

        for number in range(10_000):
            name = f"{round_}-{number}"
            kind = chance.randrange(5)
            if kind == 0:
                with Arriving(store, account, stored=told, together=4) as arriving:
                    for part in "abcde":
                        arriving.add(
                            name + part, inbox, letter(name + part),
                            received_at=now(), uidl=name + part,
                        )  # fmt: skip
            elif kind == 1:
                id_ = store.messages.add(account, inbox, letter(name), received_at=now(), uidl=name)
                store.messages.set_keywords(id_, ["$seen"])
                store.messages.delete(id_)
                os.write(acknowledged, f"-{name} {id_}\n".encode())
            else:
                id_ = store.messages.add(account, inbox, letter(name), received_at=now(), uidl=name)
                told(name, id_)
                store.messages.patch_keywords(id_, add=["$flagged"])


def import_all(home: Path, _round: int, _acknowledged: int) -> None:
    """Import the mbox beside the profile."""
    with patch.object(importing, "_TOGETHER", TOGETHER), opened(home) as store:
        importer = importing.Importer(store, store.accounts.get("a1"), clock=now)
        importer.take([home.parent / "letters.mbox"])
    os._exit(0)


def one_round(work: Work, home: Path, round_: int, seconds: float) -> dict[str, str]:
    """Let a child work for so long, kill it, and return what it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            work(home, round_, writing)
        finally:
            os._exit(1)
    os.close(writing)
    head = b"" if round_ % 4 == 0 or work is import_all else os.read(reading, 1)  # it has begun
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as rest:
        lines = (head + rest.read()).decode().splitlines(keepends=True)
    return dict(line.split() for line in lines if line.endswith("\n"))


def undisturbed(work: Work, home: Path) -> None:
    """Let a child do its work to the end."""
    child = os.fork()
    if not child:
        try:
            work(home, 0, 0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def compare(home: Path, promised: dict[str, str], *, thoroughly: bool) -> list[str]:
    """Return what is not as it was promised."""
    faults: list[str] = []
    with Store.open(home, clock=now) as store:
        if thoroughly:
            faults += store.check()
        there = set(store.search.ids(""))
        known = known_uidls(store, "a1")
        for name, id_ in promised.items():
            gone = name.startswith("-")
            if name.lstrip("-") not in known:
                faults.append(f"{name}: its UIDL is lost")
            if (id_ in there) == gone:
                faults.append(f"{name}: {'came back' if gone else 'is lost'}")
        stored = {name for name, state in known.items() if state.value == "stored"}
        if len(stored) != len(there):
            faults.append(f"{len(there)} messages under {len(stored)} UIDLs")
        faults += unasked(set(known) - {each.lstrip("-") for each in promised})
        faults += other_octets(store, promised, len(there)) if thoroughly else []
    return faults


def unasked(names: set[str]) -> list[str]:
    """More than was acknowledged may be there of each round: what one commit holds."""
    rounds = Counter(name.split("-")[0] for name in names)
    return [f"round {each}: {count} unasked for" for each, count in rounds.items() if count > 5]


def other_octets(store: Store, promised: dict[str, str], count: int) -> list[str]:
    faults = [
        f"{name}: other octets"
        for name, id_ in promised.items()
        if not name.startswith("-") and store.messages.raw(id_) != letter(name)
    ]
    whole = store.search.count("发票") == count
    return faults if whole else [*faults, "the index is not what is there"]


def compare_import(home: Path, counts: list[int], *, thoroughly: bool) -> list[str]:
    """Return what is wrong with an import that was broken off so often; note how far it came."""
    with Store.open(home, clock=now) as store:
        faults = list(store.check()) if thoroughly else []
        counts.append(store.search.count(""))
        if len(set(store.search.ids("letter"))) != counts[-1]:
            faults.append("the index is not what is there")
    return faults if counts == sorted(counts) else [*faults, f"less than before: {counts}"]


def imports(home: Path, times: int, chance: random.Random) -> dict[str, object]:
    """Kill an import again and again, each time anew once all is there; at last let it end.

    Only those count that ended it when some was there, and not all.
    """
    large = "x" * 75 + "\n"
    texts = (f"letter {n} 发票\n{large * (4_000 if n % 40 == 7 else 1)}\n" for n in range(LETTERS))
    (home.parent / "letters.mbox").write_text(
        "".join(f"From a Sat Mar 14 10:00:00 2026\nSubject: {n}\n\n{text}"
                for n, text in enumerate(texts)), "utf-8"
    )  # fmt: skip
    begin(home)
    began = time.monotonic()
    undisturbed(import_all, home)
    longest = time.monotonic() - began
    faults: list[str] = []
    counts: list[int] = []
    kills = rounds = 0
    while kills < times and not faults:
        if not counts or counts[-1] == LETTERS:
            home, counts = home.with_name(f"home{rounds}"), []
            begin(home)
        one_round(import_all, home, rounds, chance.uniform(0, longest))
        rounds += 1
        faults += compare_import(home, counts, thoroughly=rounds % 10 == 1)
        kills += 0 < counts[-1] < LETTERS
    undisturbed(import_all, home)
    faults += compare_import(home, counts, thoroughly=True)
    return {"kills": kills, "promised": counts[-1], "faults": faults}


def convert(home: Path, _round: int, _acknowledged: int) -> None:
    """Encrypt the profile, or decrypt it."""
    if is_encrypted(home):
        decrypt(home, encrypted.ask)
    else:
        encrypt(home, encrypted.PLACE, key=encrypted.KEY)
    os._exit(0)


def conversions(home: Path, times: int, chance: random.Random) -> dict[str, object]:
    """Kill a conversion again and again: after each the profile is whole, in one form or the other."""
    with encrypted.opened(home) as store:
        encrypted.fill(store)
        wanted = encrypted.everything(store)
    began = time.monotonic()
    undisturbed(convert, home)
    longest = time.monotonic() - began
    faults: list[str] = []
    seen = Counter[str]()
    while sum(seen.values()) < times and not faults:
        before = is_encrypted(home)
        one_round(convert, home, 0, chance.uniform(0, longest))
        broken_off = (home / "converting").exists()
        faults += compare_conversion(home, wanted)
        after = is_encrypted(home)
        seen[f"{before} {after} {broken_off}"] += 1
        ended = after != before and not broken_off
        longest *= (
            0.8 if ended else 1.2
        )  # whatever else the machine does: about half are broken off
    return {"kills": sum(seen.values()), "promised": len(wanted), "faults": faults, "seen": seen}


def compare_conversion(home: Path, wanted: dict[str, object]) -> list[str]:
    with encrypted.opened(home) as store:
        faults = list(store.check())
        faults += [] if encrypted.everything(store) == wanted else ["not what it was"]
        faults += [f"{path} is left over" for path in store.blobs.leftovers()]
        ((mode,),) = store._database._writer.execute("PRAGMA journal_mode")
    other = "blobs" if is_encrypted(home) else "sealed"
    stale = ("converting", other, "settings.json" if is_encrypted(home) else "encryption.json")
    faults += [f"{name} is still there" for name in stale if (home / name).exists()]
    told = encrypted.tells(home) if is_encrypted(home) else {}
    return [*faults, *told, *(["no write-ahead log"] if mode != "wal" else [])]


def main() -> None:
    what, home = sys.argv[1], Path(sys.argv[2])
    times, chance = int(sys.argv[3]), random.Random(int(sys.argv[4]))
    if what == "conversions":
        print(json.dumps(conversions(home, times, chance)))
        return
    if what == "imports":
        print(json.dumps(imports(home, times, chance)))
        return
    begin(home)
    print(json.dumps(arrivals(home, times, chance)))


def begin(home: Path) -> None:
    """Make a profile with an account."""
    with Store.open(home, clock=now) as store:
        store.accounts.add("me@example.org", secret="keychain")
        store.mailboxes.ensure("a1", Role.INBOX)


def arrivals(home: Path, times: int, chance: random.Random) -> dict[str, object]:
    """Kill one that stores what arrives, again and again."""
    promised: dict[str, str] = {}
    faults: list[str] = []
    for round_ in range(times):
        promised |= one_round(work, home, round_, chance.uniform(0.005, 0.15))
        last = round_ == times - 1
        faults += [f"after kill {round_}: {each}" for each in compare(
            home, promised, thoroughly=last or round_ % 20 == 0
        )]  # fmt: skip
        if faults:
            break
    return {"kills": round_ + 1, "promised": len(promised), "faults": faults}


if __name__ == "__main__":
    main()
