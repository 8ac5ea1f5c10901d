"""Encrypting a profile on the command line: the key in the keychain, never in what is printed."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.store.encrypted import tells


@pytest.fixture
def yan_with_passphrase(yan: Any) -> Any:
    yan.environment["HONGYAN_PASSPHRASE"] = "wild goose"
    return yan


def key_of(user: Any) -> str:
    (line,) = user("key", "show").lines
    assert re.fullmatch("[0-9a-f]{64}", line)
    return str(line)


def test_there_and_back(yan_with_passphrase: Any, tmp_path: Path) -> None:
    user = yan_with_passphrase
    before = user.json("list")
    told = user("encrypt")
    assert told.code == 0, told.err
    assert "on the disk meanwhile" in told.err
    assert "'encryption key " in told.out
    key = key_of(user)
    assert key not in told.out + told.err
    assert user.json("list") == before
    assert user.ok("check").endswith(", encrypted.\n")
    user.ok("sync")
    user.ok("search", "goose")
    assert "opens with the profile's key alone" in user.ok("backup", str(tmp_path / "b.zip"))
    user.ok("export", "--format", "mbox", "--to", str(tmp_path / "out"))
    user.ok("verify", str(tmp_path / "out"))
    for path in user.home.rglob("*"):
        assert path.is_dir() or (
            key.encode() not in path.read_bytes() and bytes.fromhex(key) not in path.read_bytes()
        )
    assert key.encode() not in (tmp_path / "b.zip").read_bytes()
    assert "encrypted already" in user("encrypt").err
    assert "not encrypted any more" in user.ok("decrypt")
    assert user.json("list") == before
    assert "is not encrypted" in user("decrypt").err
    assert "is not encrypted" in user.fails(64, "key", "show")


def test_from_the_beginning(nobody: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGYAN_PASSPHRASE", "wild goose")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    nobody.ok("encrypt")
    nobody.add_account("quagmireperson@here.example", smtp="smtp://127.0.0.1:9")
    nobody.receive(b"Subject: quagmiresubject\r\n\r\nquagmirebody " + b"quagmirefile\r\n" * 30_000)
    assert "quagmiresubject" in nobody.ok("list")
    assert tells(nobody.home) == {}


def test_a_lost_key_and_a_wrong_one(yan_with_passphrase: Any) -> None:
    user = yan_with_passphrase
    user.ok("encrypt")
    key = key_of(user)
    user.ok("key", "change")
    new = key_of(user)
    assert new != key
    (user.home / "secrets.json").unlink()
    for command in ("list", "check", "repair", "decrypt"):
        result = user(command)
        assert "its key is not in the keychain" in result.out + result.err
        assert "'hongyan key set'" in result.out + result.err
    for wrong, words in ((key, "is not the one under which"), ("12 ab", "64 hexadecimal digits")):
        result = user("key", "set", stdin=f"{wrong}\n")
        assert result.code
        assert words in result.err
        assert wrong not in result.out + result.err.replace("The key: ", "")
    user.ok("key", "set", stdin=f"{new}\n")
    user.ok("list")


def test_another_passphrase(yan_with_passphrase: Any) -> None:
    user = yan_with_passphrase
    user.ok("encrypt")
    user.environment["HONGYAN_PASSPHRASE"] = "tame goose"
    assert "the passphrase does not open" in user.fails(74, "list")
    user.environment["HONGYAN_PASSPHRASE"] = ""
    assert "cannot be asked here" in user.fails(77, "list")


def test_a_key_that_a_command_prints(yan: Any, tmp_path: Path) -> None:
    kept = tmp_path / "key"
    kept.write_text("too short\n")
    assert "64 hexadecimal digits" in yan("encrypt", "--key-command", f"cat {kept}").err
    kept.write_text(secrets.token_hex(32) + "\n")
    assert f"what 'cat {kept}' prints" in yan.ok("encrypt", "--key-command", f"cat {kept}")
    yan.ok("list")
    assert not (yan.home / "secrets.json").exists()
    kept.rename(tmp_path / "elsewhere")
    assert "password command cat" in yan.fails(65, "list")
    kept.write_text(secrets.token_hex(32))
    assert "is not the one under which" in yan("list").err
    yan.environment["HONGYAN_PASSPHRASE"] = "wild goose"
    yan.ok("key", "set", stdin=(tmp_path / "elsewhere").read_text())
    yan.ok("list")
