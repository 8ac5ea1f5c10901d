"""What the tests of encrypted profiles share: a key, a profile full of known words, a search for them."""

from __future__ import annotations

import base64
import io
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hongyan.store import Role, Store
from hongyan.store.envelope import KeyPlace

NOW: Final = datetime(2026, 3, 14, 12, tzinfo=UTC)
KEY: Final = bytes(range(32))
PLACE: Final = KeyPlace("0a1b2c3d")
WORDS: Final = (
    "quagmiresubject",
    "quagmirebody",
    "quagmireperson",
    "quagmirefile",
    "quagmiresetting",
)
if TYPE_CHECKING or sys.version_info < (3, 14):
    from backports import zstd
else:
    from compression import zstd

_FRAME: Final = bytes.fromhex("28b52ffd")  # RFC 8878 §3.1.1


def now() -> datetime:
    return NOW


def ask(place: KeyPlace) -> bytes:
    assert place == PLACE
    return KEY


def opened(home: Path) -> Store:
    return Store.open(home, clock=now, key=ask)


def letter(number: int, *, size: int = 0) -> bytes:
    """A message with every one of `WORDS` in it; ``size`` more octets in an attachment."""
    attached = base64.encodebytes(b"quagmirefile contents " * (size // 22 + 1))
    return (
        f"From: Ann <quagmireperson-{number}@example.org>\nTo: me@example.org\n"
        f"Subject: quagmiresubject {number}\nMessage-ID: <{number}@quagmireperson.example>\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\n'
        f"quagmirebody {number} 发票\n--b\nContent-Type: text/plain\n"
        f'Content-Disposition: attachment; filename="quagmirefile-{number}.txt"\n'
        "Content-Transfer-Encoding: base64\n\n"
    ).encode() + attached + b"--b--\n"  # fmt: skip


def fill(store: Store, *, letters: int = 40) -> None:
    """Put small and large mail, something to send, and settings into an empty profile."""
    with store.transaction():
        store.accounts.add("me@quagmireperson.example", secret="keychain")
        inbox = store.mailboxes.ensure("a1", Role.INBOX).id
        for number in range(letters):
            store.messages.add("a1", inbox, letter(number), received_at=NOW, uidl=f"u{number}")
        store.messages.add("a1", inbox, letter(900, size=400_000), received_at=NOW)
        store.messages.add("a1", inbox, incompressible(901), received_at=NOW)
        store.outbox.add(
            "a1", letter(902), sender="me@quagmireperson.example", recipients=["d@e.f"],
            message_id="902@x",
        )  # fmt: skip
    store.private.write("settings.json", b'{"savedSearches": ["quagmiresetting"]}')


def incompressible(number: int) -> bytes:
    """A large message that zstd leaves as it is."""
    noise = base64.encodebytes(random.Random(number).randbytes(300_000))
    return letter(number) + noise


def everything(store: Store) -> dict[str, object]:
    """All that a person has there."""
    ids = store.search.ids("")
    return {
        **{id_: store.messages.raw(id_) for id_ in ids},
        "found": {hit.id for hit in store.search.find("quagmirebody", limit=99)},
        "settings": store.private.read("settings.json"),
        "outbox": [(item.id, store.blobs.read(item.blob_id)) for item in store.outbox.list()],
    }


def tells(home: Path, dictionaries: tuple[bytes, ...] = ()) -> dict[str, set[str]]:
    """Return which of `WORDS` each file says: as it is, in base64 or UTF-16, or packed by zstd."""
    found = {}
    for path in home.rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            texts = [octets, *_unpacked(octets, dictionaries)]
            said = {word for word in WORDS for text in texts if _says(text, word)}
            if said:
                found[str(path.relative_to(home))] = said
    return found


def _says(text: bytes, word: str) -> bool:
    forms = [word.encode(), word.encode("utf-16-le"), word.encode().hex().encode()]
    forms += [  # in base64 it depends on where it begins
        base64.b64encode(b" " * shift + word.encode())[4 if shift else 0 : -4] for shift in range(3)
    ]
    return any(form in text or form.upper() in text for form in forms)


def _unpacked(octets: bytes, dictionaries: tuple[bytes, ...]) -> list[bytes]:
    texts = []
    at = octets.find(_FRAME)
    while at >= 0:
        for dictionary in (None, *map(zstd.ZstdDict, dictionaries)):
            try:
                texts.append(_first_frame(octets[at : at + 600_000], dictionary))
            except (zstd.ZstdError, EOFError):
                continue
        at = octets.find(_FRAME, at + 1)
    return texts


def _first_frame(octets: bytes, dictionary: zstd.ZstdDict | None) -> bytes:
    frame = zstd.ZstdDecompressor(zstd_dict=dictionary)
    made = io.BytesIO()
    for start in range(0, len(octets), 512):  # what follows the frame, or damage, ends it
        if frame.eof:
            break
        try:
            made.write(frame.decompress(octets[start : start + 512]))
        except zstd.ZstdError:
            break
    return made.getvalue()
