"""Encrypted profiles: nothing on the disk tells, all that a store can do it does, no key is guessed."""

from __future__ import annotations

import gzip
import pickle
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from hongyan import mime
from hongyan.errors import InvalidArgument, StoreError
from hongyan.store import Store, conversion, packing
from hongyan.store.conversion import change_key, decrypt, encrypt
from hongyan.store.database import connect
from hongyan.store.envelope import KeyPlace, is_encrypted, protection_of
from hongyan.store.prepare import prepare
from hongyan.store.protection import CLEAR, Sealed
from hongyan.store.spool import Packed
from tests.store.encrypted import (
    KEY,
    NOW,
    PLACE,
    WORDS,
    ask,
    everything,
    fill,
    letter,
    now,
    opened,
    tells,
)
from tests.support.short import letters

SCHEMA_1 = Path(__file__).parent / "fixtures" / "schema-1.db.gz"


@pytest.fixture(scope="module")
def clear(tmp_path_factory: Any) -> Path:
    """A closed profile in clear."""
    home: Path = tmp_path_factory.mktemp("clear") / "home"
    with opened(home) as store:
        fill(store)
    return home


@pytest.fixture
def home(clear: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clear, tmp_path / "home"))


@pytest.fixture
def sealed(home: Path) -> Path:
    encrypt(home, PLACE, key=KEY)
    return home


def files(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


def test_there_and_back(home: Path) -> None:
    with opened(home) as store:
        before = everything(store)
        assert len(before) == 45
    names = files(home)
    told: list[tuple[int, ...]] = []
    encrypt(home, PLACE, key=KEY, advance=lambda *counts: told.append(counts))
    assert told[-1][:2] == (2, 2)
    assert told[-1][2] == told[-1][3] > 300_000
    assert is_encrypted(home)
    assert not (home / "blobs").exists()
    with opened(home) as store:
        assert everything(store) == before
        assert store.check() == ()
        assert store.blobs.leftovers() == ()
    decrypt(home, ask)
    assert not is_encrypted(home)
    with opened(home) as store:
        assert everything(store) == before
        assert store.check() == ()
    assert files(home) == names


def test_no_file_tells_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same is done in clear, where every word has to be found in all these places."""
    monkeypatch.setattr(packing, "_TRAINED_AT", ((200, 200),))
    told = {}
    for name in ("clear", "sealed"):
        home = tmp_path / name
        if name == "sealed":
            encrypt(home, PLACE, key=KEY)
        with opened(home) as store:
            fill(store, letters=250)
            store._database._writer.pragma("wal_checkpoint", "truncate")
            learned = store.blobs.dictionary()
            assert learned
            dictionary = learned.read()
            store.messages.add("a1", "b1", letter(903), received_at=NOW)
            with store.blobs.writer() as writer:  # a message that is just coming in
                writer.write(letter(904, size=400_000))
                writer.write(letter(905, size=3_000_000))
                told[name] = tells(home, (dictionary,))
                listing = files(home)
            hashes = [store.messages.get(id_).blob_id for id_ in store.search.ids("")]
    assert set.union(*told["clear"].values()) == set(WORDS)
    assert {"mail.db", "mail.db-wal", "settings.json"} <= set(told["clear"])
    assert any("incoming-" in each for each in told["clear"])
    assert any(each.endswith(".zdict") for each in told["clear"])
    assert sum(each.startswith("blobs/") for each in told["clear"]) >= 4
    assert told["sealed"] == {}
    assert {"mail.db-wal", "settings.json.sealed"} <= listing
    assert any(each.endswith(".zdict") for each in listing)
    assert any("incoming-" in each for each in listing)
    plain = {each.replace("/", "") for each in listing}
    assert not [sha256 for sha256 in hashes for each in plain if sha256[2:] in each]


def test_conversion_leaves_no_word_behind(home: Path, clear: Path) -> None:
    aside = home / "set-aside" / "20260301-101010"
    aside.mkdir(parents=True)
    (aside / "x.eml").write_bytes(letter(7))
    with closing(apsw.Connection(str(home / "mail.db"))) as db:
        db.execute("VACUUM INTO ?", (str(home / "mail.db.schema-3"),))
    before = files(home)
    assert len(tells(home)) >= 5
    encrypt(home, PLACE, key=KEY)
    assert tells(home) == {}
    copy = connect(home / "mail.db.schema-3", protection_of(home, ask))
    assert copy.execute("SELECT count(*) FROM messages").get == 42
    copy.close()
    decrypt(home, ask)
    assert files(home) - {"mail.db-wal", "mail.db-shm"} == before
    assert (aside / "x.eml").read_bytes() == letter(7)
    with closing(apsw.Connection(str(home / "mail.db.schema-3"))) as db:
        assert db.execute("SELECT count(*) FROM messages").get == 42


def test_keys(sealed: Path) -> None:
    def another(_: KeyPlace) -> bytes:
        return bytes(32)

    with pytest.raises(StoreError, match=f"{PLACE.name} was not given"):
        Store.open(sealed, clock=now)
    for act in (
        lambda: Store.open(sealed, clock=now, key=another),
        lambda: Store.repair(sealed, clock=now, key=another),
        lambda: decrypt(sealed, another),
    ):
        with pytest.raises(StoreError, match="is not the one under which"):
            act()
    with pytest.raises(InvalidArgument, match="encrypted already"):
        encrypt(sealed, PLACE, key=KEY)
    new = KeyPlace.new()
    change_key(sealed, ask, new, key=bytes(32))
    with Store.open(sealed, clock=now, key=another) as store:
        assert store.check() == ()
    with pytest.raises(StoreError, match="is not the one"):
        Store.open(sealed, clock=now, key=lambda _: KEY)
    for path in (sealed / "encryption.json", sealed / "sealed" / "encryption.json"):
        Store.open(sealed, clock=now, key=another).close()  # either copy is enough
        path.unlink()
    before = (sealed / "mail.db").read_bytes()
    for act in (
        lambda: Store.open(sealed, clock=now, key=another),
        lambda: Store.repair(sealed, clock=now, key=another),
    ):
        with pytest.raises(StoreError, match=r"encryption\.json.*is lost"):
            act()
    assert (sealed / "mail.db").read_bytes() == before
    with pytest.raises(InvalidArgument, match="not encrypted"):
        decrypt(sealed.with_name("nothing"), ask)


def test_no_sqlite_without_the_key_reads_it(sealed: Path) -> None:
    with (
        pytest.raises(sqlite3.DatabaseError, match="not a database"),
        closing(sqlite3.connect(sealed / "mail.db")) as db,
    ):
        db.execute("SELECT * FROM sqlite_schema")


def test_an_sqlite_that_cannot_encrypt_is_found_out(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As is the one of the package `apsw`, which ignores pragmas that it does not know."""

    class Ignorant:
        def pragma(self, *_: object) -> None:
            """Do nothing."""

        def close(self) -> None:
            """Do nothing."""

    monkeypatch.setattr(apsw, "Connection", lambda *_: Ignorant())
    for folder in (home, tmp_path / "new"):
        with pytest.raises(StoreError, match="cannot encrypt"):
            encrypt(folder, PLACE, key=KEY)
        assert not (folder / "encryption.json").exists()
    with pytest.raises(StoreError, match="cannot encrypt"):
        Sealed.under(KEY).unlock(apsw.Connection(""))


def test_a_profile_in_use_is_not_converted(home: Path) -> None:
    with opened(home) as store:
        with pytest.raises(StoreError, match="another program has the store open"):
            encrypt(home, PLACE, key=KEY)
        assert store.check() == ()
    assert not is_encrypted(home)
    assert not (home / "encryption.json").exists()


def test_who_waits_meanwhile_writes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has the old file open when the new one takes its place is turned away."""
    waiting: list[object] = []
    convert_files = conversion._Conversion._convert_files

    def wait() -> None:
        try:
            Store.open(home, clock=now, key=ask)
        except StoreError as error:
            waiting.append(error)

    thread = threading.Thread(target=wait)

    def convert_slowly(self: Any) -> None:
        thread.start()
        while not threads_inside(thread, "_set_up"):
            thread.join(0.01)
        thread.join(0.2)
        convert_files(self)

    monkeypatch.setattr(conversion._Conversion, "_convert_files", convert_slowly)
    encrypt(home, PLACE, key=KEY)
    thread.join()
    assert "has taken its place meanwhile; try again" in str(waiting[0])
    with opened(home) as store:
        assert store.check() == ()


def threads_inside(thread: threading.Thread, function: str) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    while frame:
        if frame.f_code.co_name == function:
            return True
        frame = frame.f_back
    return False


def test_too_little_room_is_said_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(home)
    usage = shutil.disk_usage(home)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StoreError, match="have to be free on the disk, and 1000 are"):
        encrypt(home, PLACE, key=KEY)
    assert files(home) - {"mail.db-wal", "mail.db-shm"} == before


def test_the_room_that_is_said_is_enough(home: Path) -> None:
    said = conversion.room_needed(home)
    before = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    encrypt(home, PLACE, key=KEY)
    after = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    assert before * 0.9 < after < said < before + (32 << 20)


def test_a_rest_of_a_profile_is_left_alone(sealed: Path, clear: Path, tmp_path: Path) -> None:
    rest = Path(shutil.copytree(clear, tmp_path / "rest"))
    for home, act in (
        (sealed, partial(decrypt, ask=ask)),
        (rest, partial(encrypt, place=PLACE, key=KEY)),
    ):
        (home / "mail.db").unlink()
        before = files(home)
        with pytest.raises(StoreError, match=r"mail\.db is missing"):
            act(home)
        assert files(home) == before


def test_a_damaged_file_ends_a_decryption(sealed: Path) -> None:
    path = max((sealed / "sealed").glob("??/*"))
    octets = path.read_bytes()
    path.write_bytes(octets[:-1])
    with pytest.raises(StoreError, match="damaged"):
        decrypt(sealed, ask)
    path.write_bytes(octets)
    with opened(sealed) as store:
        assert store.check() == ()
    assert not (sealed / "blobs").exists()
    decrypt(sealed, ask)


def test_migrations_and_their_copies(tmp_path: Path) -> None:
    home = tmp_path / "old"
    home.mkdir()
    (home / "mail.db").write_bytes(gzip.decompress(SCHEMA_1.read_bytes()))
    encrypt(home, PLACE, key=KEY)
    with opened(home) as store:
        assert store.check() == ()
        assert store.search.count("") == 2
    copy = connect(home / "mail.db.schema-1", protection_of(home, ask))
    assert copy.pragma("user_version") == 1
    copy.close()
    decrypt(home, ask)
    assert connect(home / "mail.db.schema-1", CLEAR).pragma("user_version") == 1


def test_a_backup_is_encrypted_and_opens(sealed: Path, tmp_path: Path) -> None:
    with opened(sealed) as store:
        before = everything(store)
        del before["settings"]
        store.backup(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        archive.extractall(tmp_path / "back")
    assert tells(tmp_path / "back") == {}
    change_key(sealed, ask, KeyPlace.new(), key=bytes(32))  # which concerns no earlier backup
    with opened(tmp_path / "back") as store:
        after = everything(store)
        del after["settings"]
        assert after == before
        assert store.check() == ()


def test_repair_of_pages_and_files(sealed: Path) -> None:
    with opened(sealed) as store:
        before = everything(store)
        ((page,),) = store._database._writer.execute(
            "SELECT pageno FROM dbstat WHERE name = 'memberships' LIMIT 1"
        )
        large = store.blobs.path(store.messages.get("m41").blob_id)
    with (sealed / "mail.db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    large.write_bytes(large.read_bytes()[:-5])
    with opened(sealed) as store:
        assert store.check()
    lines = Store.repair(sealed, clock=now, key=ask)
    assert any("m41" in line and "set-aside" in line for line in lines)
    with opened(sealed) as store:
        assert store.check() == ()
        assert {id_ for id_ in before if id_.startswith("m")} - set(store.search.ids("")) == {"m41"}
    aside = {path.name for path in (sealed / "set-aside").rglob("*") if path.is_file()}
    assert {"mail.db", "encryption.json"} <= aside
    assert tells(sealed) == {}


def test_set_aside_mail_is_sealed_until_it_is_decrypted(sealed: Path) -> None:
    with opened(sealed) as store:
        store._database._writer.execute(
            "UPDATE blobs SET data = x'686f6e6b', size = 4, encoding = 'plain' WHERE id = 2"
        )
    assert any("set-aside" in line for line in Store.repair(sealed, clock=now, key=ask))
    (path,) = (sealed / "set-aside").rglob("*.eml.sealed")
    assert b"honk" not in path.read_bytes()
    decrypt(sealed, ask)
    assert path.with_suffix("").read_bytes() == b"honk"


def test_reindexing_and_a_second_process(sealed: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.store.encrypted import *\n"
        "with opened(Path(sys.argv[1])) as store:\n"
        "    store.messages.add('a1', 'b1', letter(950), received_at=NOW)\n"
    )
    with opened(sealed) as store:
        store.reindex()
        root = Path(__file__).parents[2]
        subprocess.run([sys.executable, "-c", script, str(sealed)], check=True, cwd=root)
        assert store.search.count("950") == 1
        assert store.check() == ()


def test_other_processes_can_prepare(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed to them reads the sealed dictionary; what is large is prepared here."""
    monkeypatch.setattr(packing, "_TRAINED_AT", ((100, 100),))
    with opened(sealed) as store:
        large = letter(960, size=400_000)
        for raw in letters(120, 3):
            store.messages.add("a1", "b1", raw, received_at=NOW)
        with store.blobs.writer() as writer:
            writer.write(large)
            blob = writer.finish()
        raw, dictionary = next(letters(1, 3, first=130)), store.blobs.dictionary()
        assert dictionary
        small = prepare(raw, mime.parse(raw), pickle.loads(pickle.dumps(dictionary)))
        assert isinstance(small.blob.pending, Packed)
        assert small.blob.pending.encoding == "zstd"
        for made in (small, store.messages.prepare(blob)):
            store.messages.add("a1", "b1", made, received_at=NOW)
        assert store.search.count("960") == 1
        assert store.check() == ()
