"""ISO-2022-JP and EUC-JP as mail really carries them (CP50220, CP51932).

Python's codecs follow the standards of 1990; senders add the NEC and IBM rows (circled digits,
company marks), half-width kana and lost escapes. Both are the same JIS code points as Shift_JIS, so
octets that the standard codecs refuse are moved there (RFC 1468, JIS X 0208). Never raises.
"""

from __future__ import annotations

import re
from typing import Final

_SEGMENT: Final = re.compile(rb"\x1b(\$[@B]|\$\([DOPQ]|\([BJIH]|\$A|\.A|\.F)")
_EUC_RUN: Final = re.compile(rb"((?:[\xa1-\xfe]{2})+)|((?:\x8e[\xa1-\xdf])+)|(\x8f[\xa1-\xfe]{2})")
_DOUBLE: Final = frozenset({b"$@", b"$B", b"$(O", b"$(Q"})


def _shift(octets: bytes) -> bytes:
    """Move JIS pairs (7-bit) to their Shift_JIS form; anything else stays as it is."""
    moved = bytearray()
    at = 0
    while at < len(octets):
        row = octets[at]
        column = octets[at + 1] if at + 1 < len(octets) else 0
        if not (0x21 <= row <= 0x7E and 0x21 <= column <= 0x7E):
            moved.append(row)
            at += 1
            continue
        lead = (row - 0x21) // 2 + 0x81
        moved.append(lead if lead <= 0x9F else lead + 0x40)
        if row % 2:
            moved.append(column + (0x1F if column < 0x60 else 0x20))
        else:
            moved.append(column + 0x7E)
        at += 2
    return bytes(moved)


def _segment(mark: bytes, octets: bytes) -> str:
    if mark in _DOUBLE:
        return _shift(octets).decode("cp932", "replace")
    if mark == b"(I":
        return bytes(octet | 0x80 if octet > 0x20 else octet for octet in octets).decode(
            "cp932", "replace"
        )
    if mark == b"$(D":
        pairs = bytes(octet | 0x80 if octet > 0x20 else octet for octet in octets)
        return re.sub(rb"([\xa1-\xfe]{2})", rb"\x8f\1", pairs).decode("euc_jp", "replace")
    return octets.decode("cp932", "replace")


def from_iso2022(data: bytes) -> str:
    """Decode ISO-2022-JP with the vendors' rows, half-width kana and raw 8-bit kana."""
    pieces = _SEGMENT.split(data)
    text = [pieces[0].decode("cp932", "replace")]
    text += [_segment(pieces[i], pieces[i + 1]) for i in range(1, len(pieces) - 1, 2)]
    return "".join(text)


def _euc_run(found: re.Match[bytes]) -> bytes:
    pairs, kana, supplement = found.groups()
    if pairs:
        return _shift(bytes(octet & 0x7F for octet in pairs))
    if kana:
        return bytes(kana.replace(b"\x8e", b""))
    character = supplement.decode("euc_jp", "replace")
    return character.encode("cp932", "replace")


def from_euc(data: bytes) -> str:
    """Decode EUC-JP with the vendors' rows."""
    return _EUC_RUN.sub(_euc_run, data).decode("cp932", "replace")
