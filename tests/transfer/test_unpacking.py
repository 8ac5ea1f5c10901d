"""A stranger's ZIP file: damaged in any way, it is said so, and nothing else is blamed."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from hongyan.errors import InvalidArgument
from hongyan.transfer.unpacking import unpack

KINDS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_damage_is_an_error_of_ours(kind: int, tmp_path: Path) -> None:
    archive = tmp_path / "mail.zip"
    with zipfile.ZipFile(archive, "w", kind) as made:
        made.writestr("in/1.eml", "".join(f"Subject: {n}\n\nHello {n * n}\n" for n in range(300)))
    whole = archive.read_bytes()
    damages = random.Random(7)  # the same damage in each run
    refused = 0
    for number in range(150):
        octets = bytearray(whole)
        for _ in range(damages.randint(1, 4)):
            octets[damages.randrange(len(octets))] = damages.randrange(256)
        archive.write_bytes(octets)
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            unpack(archive, folder)
        except InvalidArgument:
            refused += 1
    assert refused > 50
