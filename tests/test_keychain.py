"""The keychain: secrets come back, and are neither on the disk in clear nor in any error."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from hongyan import keychain
from hongyan.errors import HongyanError, InvalidArgument, NotFound, StoreError
from hongyan.keychain import EncryptedFile, Keychain, SystemKeychain, from_command, open_keychain

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "tanstaaf-鸿雁"


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keychain, "_COST", 2**10)


quick = pytest.mark.usefixtures("_quick")


def encrypted(home: Path, passphrase: str = "open sesame") -> EncryptedFile:
    return EncryptedFile(home / "deep" / "secrets.json", lambda: passphrase)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# -- the encrypted file


def test_a_secret_comes_back(tmp_path: Path) -> None:
    chain: Keychain = encrypted(tmp_path)
    assert chain.get("alice@example.org") is None
    chain.set("alice@example.org", SECRET)
    chain.set("bob", "two")
    chain.set("bob", "three")
    again = encrypted(tmp_path)
    assert (again.get("alice@example.org"), again.get("bob")) == (SECRET, "three")
    again.delete("bob")
    again.delete("bob")
    assert chain.get("bob") is None
    assert chain.get("alice@example.org") == SECRET


@quick
def test_nothing_lies_there_in_clear(tmp_path: Path) -> None:
    chain = encrypted(tmp_path)
    chain.set("alice", SECRET)
    path = tmp_path / "deep" / "secrets.json"
    first = path.read_bytes()
    assert b"tanstaaf" not in everything_in(tmp_path)
    assert b"alice" not in everything_in(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, f"{path.name}.lock"]
    chain.set("alice", SECRET)
    assert json.loads(path.read_bytes())["nonce"] != json.loads(first)["nonce"]
    assert SECRET not in repr(chain)
    assert "cipher" not in repr(chain._keys)
    assert "check" not in repr(chain._keys)


@quick
def test_the_passphrase_is_asked_once(tmp_path: Path) -> None:
    asked: list[int] = []

    def passphrase() -> str:
        asked.append(1)
        return "open sesame"

    chain = EncryptedFile(tmp_path / "s", passphrase)
    assert chain.get("alice") is None
    chain.delete("alice")
    assert not asked
    for account in "abc":
        chain.set(account, account)
        assert chain.get(account) == account
    assert len(asked) == 1


@quick
def test_nobody_waits_for_the_passphrase_of_another(tmp_path: Path) -> None:
    asked: list[bool] = []

    def passphrase() -> str:
        with keychain._locked(tmp_path / "secrets.json"):  # would hang if `set` held the lock
            asked.append(True)
        return "open sesame"

    for _ in range(2):
        EncryptedFile(tmp_path / "secrets.json", passphrase).set("alice", SECRET)
    EncryptedFile(tmp_path / "secrets.json", passphrase).delete("alice")
    assert len(asked) == 3


@quick
def test_a_wrong_passphrase_changes_nothing(tmp_path: Path) -> None:
    encrypted(tmp_path).set("alice", SECRET)
    before = everything_in(tmp_path)
    answers = iter(["first guess", "second guess", "open sesame"])
    chain = EncryptedFile(tmp_path / "deep" / "secrets.json", lambda: next(answers))
    with pytest.raises(StoreError, match="passphrase does not open") as caught:
        chain.get("alice")
    assert "guess" not in told(caught.value)
    with pytest.raises(StoreError, match="passphrase"):
        chain.set("bob", "x")
    assert everything_in(tmp_path) == before
    assert chain.get("alice") == SECRET


@quick
@pytest.mark.parametrize("name", ["format", "salt", "check", "nonce", "ciphertext"])
def test_any_change_is_found(tmp_path: Path, name: str) -> None:
    encrypted(tmp_path).set("alice", SECRET)
    path = tmp_path / "deep" / "secrets.json"
    content = json.loads(path.read_bytes())
    content[name] = ("A" if content[name][0] != "A" else "B") + content[name][1:]
    path.write_text(json.dumps(content))
    with pytest.raises(StoreError):
        encrypted(tmp_path).get("alice")


@quick
@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"5", b"\xff\xfe", b"[" * 100_000, b'{"format": 5}', b" " * 5_000_000],
)
def test_a_damaged_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "secrets.json"
    path.write_bytes(data)
    chain = EncryptedFile(path, lambda: "open sesame")
    with pytest.raises(StoreError, match="damaged"):
        chain.get("alice")
    with pytest.raises(StoreError, match="damaged"):
        chain.set("alice", SECRET)
    assert path.read_bytes() == data


@quick
@pytest.mark.parametrize("field", ["salt", "check", "nonce", "ciphertext"])
@pytest.mark.parametrize("value", ["", "!", 5, None, [], "ümlaut", "AAAA" * 1000])
def test_a_file_with_a_strange_value(tmp_path: Path, field: str, value: object) -> None:
    encrypted(tmp_path).set("alice", SECRET)
    path = tmp_path / "deep" / "secrets.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), field: value}))
    with pytest.raises(StoreError):
        encrypted(tmp_path).get("alice")


@quick
def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = encrypted(tmp_path)
    chain.set("alice", SECRET)
    before = everything_in(tmp_path)

    def fail(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="cannot be written: Input/output error"):
        chain.set("alice", "new")
    assert everything_in(tmp_path) == before


@quick
def test_a_path_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    chain = EncryptedFile(tmp_path / "file" / "secrets.json", lambda: "open sesame")
    with pytest.raises(StoreError, match="cannot be read: Not a directory"):
        chain.set("alice", SECRET)
    with pytest.raises(StoreError, match="cannot be read"):
        EncryptedFile(tmp_path, lambda: "open sesame").get("alice")


@quick
def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(StoreError, match="cannot be written: No space left"):
        encrypted(tmp_path).set("alice", SECRET)


@quick
def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    chains = [encrypted(tmp_path) for _ in range(4)]
    accounts = [f"account {number}" for number in range(24)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda at: chains[at % 4].set(accounts[at], str(at)), range(24)))
    assert [encrypted(tmp_path).get(account) for account in accounts[::6]] == ["0", "6", "12", "18"]


@quick
@pytest.mark.parametrize("passphrase", ["", "line\nbreak"])
def test_a_passphrase_that_cannot_be(tmp_path: Path, passphrase: str) -> None:
    with pytest.raises(InvalidArgument, match="passphrase"):
        encrypted(tmp_path, passphrase).set("alice", SECRET)


# -- the system's keyring


class Backend(KeyringBackend):
    """A keyring in memory, as good as a real one."""

    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.fails: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.fails:
            raise self.fails
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.fails:
            raise self.fails
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_the_systems_keyring() -> None:
    backend = Backend()
    chain: Keychain = SystemKeychain(backend)
    chain.set("alice", SECRET)
    assert backend.kept == {("hongyan", "alice"): SECRET}
    assert chain.get("alice") == SECRET
    chain.delete("alice")
    chain.delete("alice")
    assert chain.get("alice") is None


def test_the_configured_keyring_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    SystemKeychain().set("alice", SECRET)
    assert backend.kept


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyringLocked("Failed to unlock\nthe collection!"), "Failed to unlock the collection!"),
        (KeyringLocked(), "KeyringLocked"),
        (RuntimeError(f"D-Bus said {SECRET}"), "RuntimeError"),
    ],
)
def test_a_keyring_that_fails(error: Exception, reason: str) -> None:
    backend = Backend()
    backend.fails = error
    chain = SystemKeychain(backend)
    with pytest.raises(StoreError, match=f"cannot be read: {reason}$"):
        chain.get("alice")
    with pytest.raises(StoreError, match=f"cannot be written: {reason}$") as caught:
        chain.set("alice", SECRET)
    assert caught.value.__context__ is None


@quick
@pytest.mark.parametrize("bad", ["a\nb", "a\0b"])
def test_names_and_secrets_are_one_line(tmp_path: Path, bad: str) -> None:
    chains: list[Keychain] = [SystemKeychain(Backend()), encrypted(tmp_path)]
    for chain in chains:
        with pytest.raises(InvalidArgument):
            chain.get(bad)
        with pytest.raises(InvalidArgument):
            chain.delete(bad)
        with pytest.raises(InvalidArgument):
            chain.set(bad, "x")
        with pytest.raises(InvalidArgument):
            chain.set("alice", bad)


def backend(priority: float) -> Any:
    return SimpleNamespace(priority=priority)


@pytest.mark.parametrize(
    ("configured", "real"),
    [
        (backend(0), False),  # keyring.backends.fail
        (backend(-1), False),  # keyring.backends.null
        (backend(0.5), False),  # keyrings.alt's plaintext file
        (backend(5), True),
        (SimpleNamespace(priority=10, backends=[backend(0.5), backend(5)]), True),
        (SimpleNamespace(priority=10, backends=[backend(0.5), backend(0.6)]), False),
    ],
)
def test_only_a_real_keyring_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: Any, real: bool
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: configured)
    chain = open_keychain(tmp_path, lambda: "open sesame")
    assert isinstance(chain, SystemKeychain if real else EncryptedFile)
    if isinstance(chain, SystemKeychain):
        assert chain._backend.priority == 5


@pytest.mark.parametrize("name", ["fail", "null"])
def test_keyrings_own_empty_backends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    __import__(f"keyring.backends.{name}")
    empty = sys.modules[f"keyring.backends.{name}"].Keyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: empty)
    assert isinstance(open_keychain(tmp_path, lambda: "x"), EncryptedFile)


# -- the command


def script(*lines: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(lines)]


def told(error: HongyanError) -> str:
    """Everything that a log could take from an error, with the locals left out."""
    chain, parts = [error], []
    while chain:
        each: BaseException = chain.pop()
        parts += [repr(each), repr(vars(each)), *traceback.format_exception_only(each)]
        chain += [linked for linked in (each.__cause__, each.__context__) if linked]  # type: ignore[misc]  # of any class
    return " ".join(parts)


@pytest.mark.parametrize(
    ("prints", "secret"),
    [
        ("'pw\\nuser: alice\\n'", "pw"),
        ("'pw\\r\\n'", "pw"),
        ("'  two words '", "  two words "),
        ("'\\u9e3f'", "鸿"),
    ],
)
def test_the_first_line(prints: str, secret: str) -> None:
    lines = ("import sys", f"sys.stdout.buffer.write({prints}.encode())")
    assert from_command(script(*lines)) == secret


def test_no_shell() -> None:
    assert from_command("printf %s '$HOME; `id` | x' more") == "$HOME; `id` | xmore"


def test_it_gets_no_input() -> None:
    assert from_command(script("import sys", "print(repr(sys.stdin.read()))")) == "''"


def test_a_failure_names_the_code_and_no_output() -> None:
    with pytest.raises(NotFound, match="ended with exit code 3") as caught:
        from_command(script(f"print({SECRET!a})", "raise SystemExit(3)"))
    assert "tanstaaf" not in told(caught.value)


def test_a_command_that_takes_too_long() -> None:
    began = time.monotonic()
    lines = (f"print({SECRET!a}, flush=True)", "import time", "time.sleep(60)")
    with pytest.raises(NotFound, match=r"longer than 0\.5 seconds") as caught:
        from_command(script(*lines), timeout=0.5)
    assert time.monotonic() - began < 5
    assert "tanstaaf" not in told(caught.value)


def test_commands_that_cannot_be() -> None:
    for empty in ("", "   ", "'unclosed", [], [""]):
        with pytest.raises(InvalidArgument):
            from_command(empty)
    with pytest.raises(NotFound, match="No such file"):
        from_command("/nonexistent/program pw")
    with pytest.raises(NotFound, match="not a command line"):
        from_command(["/bin/echo", "nul\0"])
    with pytest.raises(NotFound, match="printed nothing"):
        from_command(script("print()"))
    with pytest.raises(InvalidArgument, match="output of the password command"):
        from_command(script("import sys", "sys.stdout.buffer.write(b'\\xff')"))
