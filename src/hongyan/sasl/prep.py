"""SASLprep, the preparation of user names and passwords (RFC 4013, a profile of RFC 3454).

Two spellings of one password become the same octets, and what cannot be typed is refused. Unicode
3.2 decides, as RFC 3454 says; characters that it does not know pass unchanged (a "query string",
RFC 3454 §7): RFC 5802 §2.2 would refuse a password with a newer emoji, the server may know better.
"""

from __future__ import annotations

import stringprep
import unicodedata
from typing import Final

from hongyan.errors import InvalidArgument

_PROHIBITED: Final = (  # RFC 4013 §2.3
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(field: str, text: str) -> str:
    """Return ``text`` prepared.

    Raises `InvalidArgument`, naming ``field``, for prohibited characters, for writing directions
    mixed against RFC 3454 §6, and when nothing is left.
    """
    mapped = "".join(_mapped(char) for char in text)
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not prepared:
        raise InvalidArgument(field, "is empty, or holds nothing but invisible characters")
    _refuse_prohibited(field, prepared)
    _refuse_mixed_directions(field, prepared)
    return prepared


def _mapped(char: str) -> str:
    if stringprep.in_table_c12(char):
        return " "
    return "" if stringprep.in_table_b1(char) else char


def _refuse_prohibited(field: str, text: str) -> None:
    for char in text:
        if any(prohibited(char) for prohibited in _PROHIBITED):
            raise InvalidArgument(field, f"contains the prohibited character U+{ord(char):04X}")


def _refuse_mixed_directions(field: str, text: str) -> None:
    if not any(map(stringprep.in_table_d1, text)):
        return
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    if not ends or any(map(stringprep.in_table_d2, text)):
        raise InvalidArgument(field, "mixes writing directions in a way that RFC 3454 §6 forbids")
