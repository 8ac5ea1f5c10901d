"""The likeliest codec of octets whose charset is not declared, or declared wrongly.

Rows of pairs first, for the charsets of East Asia; then the statistics of charset-normalizer. Over
a bounded sample, so the work is bounded too.
"""

from __future__ import annotations

import re
from typing import Final

_HIGH_RUN: Final = re.compile(rb"[\x80-\xff]+")
_SHIFT_JIS_KANA: Final = re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]")
_BIG5_PAIR: Final = re.compile(rb"[\xa1-\xf9][\x40-\x7e\xa1-\xfe]")
_BIG5_PAIRS: Final = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xf9][\x40-\x7e\xa1-\xfe])*+")
_EUC_PAIRS: Final = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xfe]{2})*+")
_RUN: Final = re.compile(rb"[\x80-\xff]{2}")
_PAIR: Final = re.compile(rb"[\xa1-\xfe]{2}")
_SHORT: Final = 512
_ENOUGH: Final = 12  # so many octets of 8 bits are the least for statistics
_KOI8_WORD: Final = re.compile(rb"[\xe0-\xff]?[\xc0-\xdf\xa3]+")
_CP1251_WORD: Final = re.compile(rb"[\xc0-\xdf\xa8]?[\xe0-\xff\xb8]+")
_TELLING: Final = 24  # so many octets of 8 bits can contradict a label
_DETECTION_SAMPLE: Final = 16_384
_CANDIDATES: Final = [
    *("gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1251", "koi8_r", "cp1252", "cp1250"),
    *("cp1253", "cp1254", "cp1255", "cp1256", "cp874", "cp1257", "cp1258"),
]


def other_than_western(data: bytes) -> str | None:
    """Return the codec of text whose 8-bit octets stand in runs, unlike letters with accents."""
    data = _dense_sample(data)
    runs = _HIGH_RUN.findall(data[: 2 * _SHORT])
    high = sum(map(len, runs))
    if high < 2 * len(runs) or high < _TELLING:
        return None
    return guess(data) if high < 4 * _TELLING else detect(data)


def _guess_word(data: bytes) -> str | None:
    """Guess by the case of its letters: those of Russian stand in halves of the table."""
    runs = _HIGH_RUN.findall(data)
    if max(map(len, runs)) < 4:
        return None
    if all(map(_KOI8_WORD.fullmatch, runs)):
        return "koi8-r"
    return "cp1251" if all(map(_CP1251_WORD.fullmatch, runs)) else None


def guess(data: bytes) -> str | None:
    """Guess a codec by the rows of its pairs, which tell more of short text than statistics do.

    Single octets are Western. Kana have rows of their own in Shift JIS and EUC-JP. EUC pairs in
    the hangul rows throughout are Korean; in those of the common Chinese characters, GB 2312. Pairs
    of Big5 have no octet below A1 but second ones from the ASCII letters.
    """
    high = sum(map(len, _HIGH_RUN.findall(data)))
    if len(_SHIFT_JIS_KANA.findall(data)) * 6 > high:
        return "cp932"
    if not _RUN.search(data):
        return "cp1252"  # letters with accents stand alone among others
    if _EUC_PAIRS.fullmatch(data):
        return _guess_euc([pair[0] for pair in _PAIR.findall(data)])
    if _BIG5_PAIRS.fullmatch(data):
        rows = [pair[0] for pair in _BIG5_PAIR.findall(data)]
        common = sum(0xA1 <= row <= 0xC6 for row in rows)
        return "big5hkscs" if common * 5 >= len(rows) * 4 else None
    return None


def _guess_euc(rows: list[int]) -> str | None:
    if sum(row in {0xA4, 0xA5} for row in rows) * 8 > len(rows):
        return "euc_jp"
    letters = [row for row in rows if row >= 0xB0]
    if len(letters) > 3 and all(row <= 0xC8 for row in letters):
        return "cp949"
    common = sum(0xA1 <= row <= 0xA3 or 0xB0 <= row <= 0xD7 for row in rows)
    return "gb18030" if common * 4 >= len(rows) * 3 else None


def detect(data: bytes) -> str | None:
    """Return the codec that speaks most for itself, or None. charset-normalizer knows its name."""
    sample = _dense_sample(data)
    if rows := guess(sample[:_SHORT]):
        return rows
    if sum(map(len, _HIGH_RUN.findall(sample))) < _ENOUGH:
        return _guess_word(sample)
    import charset_normalizer

    found = charset_normalizer.from_bytes(
        sample, cp_isolation=_CANDIDATES, preemptive_behaviour=False, language_threshold=0.05
    ).best()
    return found.encoding if found else None


def _dense_sample(data: bytes) -> bytes:
    """Return the lines around the first octets that are not ASCII, within the sample's bound."""
    if len(data) <= _DETECTION_SAMPLE:
        return data
    first = next(iter(re.finditer(rb"[\x80-\xff]", data)))
    start = data.rfind(b"\n", 0, first.start()) + 1
    start = max(start, first.start() - 512)
    return data[start : start + _DETECTION_SAMPLE]
