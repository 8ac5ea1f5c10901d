"""Octets to text by charset label: the WHATWG labels, Python's codecs, and what mail makes of them.

WHATWG Encoding §4.2, RFC 2046 §4.1.2, RFC 6532. Invariant: `decode` never raises, knows only codecs
of an allow-list (never ``unicode_escape``, ``idna``, ``zlib``), and gives the same text wherever it
is asked. A label is a claim: octets that contradict it are looked at for what they are. Half of the
file is tables of names.
"""

from __future__ import annotations

import codecs
import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final

from hongyan.mime import detect, japanese

_SINGLE_BYTE: Final = frozenset(
    [
        "ascii",
        "cp037",
        "cp1006",
        "cp1026",
        "cp1125",
        "cp1140",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "cp273",
        "cp424",
        "cp437",
        "cp500",
        "cp720",
        "cp737",
        "cp775",
        "cp850",
        "cp852",
        "cp855",
        "cp856",
        "cp857",
        "cp858",
        "cp860",
        "cp861",
        "cp862",
        "cp863",
        "cp864",
        "cp865",
        "cp866",
        "cp869",
        "cp874",
        "cp875",
        "hp-roman8",
        "iso8859-10",
        "iso8859-11",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "iso8859-16",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "koi8-r",
        "koi8-t",
        "koi8-u",
        "kz1048",
        "mac-arabic",
        "mac-croatian",
        "mac-cyrillic",
        "mac-farsi",
        "mac-greek",
        "mac-iceland",
        "mac-latin2",
        "mac-roman",
        "mac-romanian",
        "mac-turkish",
        "palmos",
        "ptcp154",
        "tis-620",
    ]
)
_MULTI_BYTE: Final = frozenset(
    [
        "big5",
        "big5hkscs",
        "cp932",
        "cp949",
        "cp950",
        "euc_jis_2004",
        "euc_jisx0213",
        "euc_jp",
        "euc_kr",
        "gb18030",
        "hz",
        "iso2022_jp",
        "iso2022_jp_1",
        "iso2022_jp_2",
        "iso2022_jp_2004",
        "iso2022_jp_3",
        "iso2022_jp_ext",
        "iso2022_kr",
        "johab",
        "shift_jis",
        "shift_jis_2004",
        "shift_jisx0213",
        "utf-16",
        "utf-16-be",
        "utf-16-le",
        "utf-32",
        "utf-32-be",
        "utf-32-le",
        "utf-7",
        "utf-8",
    ]
)
# Labels that mean another codec than Python's of that name, or that Python does not know.
_ALIASES: Final = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16-le",
    "iso2022_jp_1": "iso2022_jp",
    "iso2022_jp_2": "iso2022_jp",
}
_LABELS: Final = {
    "8bit": "cp1252",
    "csbig5": "big5",
    "big5-eten": "big5",
    "cn-big5": "big5",
    "x-x-big5": "big5",
    "x-mac-chinesetrad": "big5",
    "x-mac-trad-chinese": "big5",
    "cn-gb": "gb18030",
    "cn-gb-2312": "gb18030",
    "csgb2312": "gb18030",
    "csiso58gb231280": "gb18030",
    "gb_2312-80": "gb18030",
    "gb-2312": "gb18030",
    "gb_2312": "gb18030",
    "iso-ir-58": "gb18030",
    "x-gbk": "gb18030",
    "x-mac-chinesesimp": "gb18030",
    "x-mac-simp-chinese": "gb18030",
    "gb18030-2000": "gb18030",
    "gb18030-2022": "gb18030",
    "hz-gb-2312": "hz",
    "cseuckr": "cp949",
    "csksc56011987": "cp949",
    "iso-ir-149": "cp949",
    "korean": "cp949",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "x-mac-korean": "cp949",
    "cseucpkdfmtjapanese": "euc_jp",
    "x-euc-jp": "euc_jp",
    "cp51932": "euc_jp",
    "eucjp-ms": "euc_jp",
    "eucjp-win": "euc_jp",
    "x-euc": "euc_jp",
    "csiso2022jp": "iso2022_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp50222": "iso2022_jp",
    "x-iso-2022-jp": "iso2022_jp",
    "iso-2022-jp-ms": "iso2022_jp",
    "csshiftjis": "cp932",
    "ms932": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "cswindows31j": "cp932",
    "x-sjis": "cp932",
    "sjis-win": "cp932",
    "x-mac-japanese": "cp932",
    "x-ms-cp932": "cp932",
    "sjis": "cp932",
    "cyrillic-asian": "ptcp154",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "usascii": "ascii",
    "latin-9": "iso8859-15",
    "l9": "iso8859-15",
    "csisolatin9": "iso8859-15",
    "iso_8859-15": "iso8859-15",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "csiso88598e": "iso8859-8",
    "csiso88598i": "iso8859-8",
    "csiso88596e": "iso8859-6",
    "csiso88596i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6",
    "iso-8859-6-i": "iso8859-6",
    "logical": "iso8859-8",
    "visual": "iso8859-8",
    "sun_eu_greek": "iso8859-7",
    "iso-8859-12": "cp1252",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8_r": "koi8-r",
    "cskoi8r": "koi8-r",
    "koi8-ru": "koi8-u",
    "csmacintosh": "mac-roman",
    "mac": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "x-mac-ce": "mac-latin2",
    "x-mac-centraleurroman": "mac-latin2",
    "x-mac-greek": "mac-greek",
    "x-mac-turkish": "mac-turkish",
    "x-mac-icelandic": "mac-iceland",
    "unicode-1-1-utf-8": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode20utf8": "utf-8",
    "x-unicode20utf8": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-2-0-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "csunicode": "utf-16-le",
    "iso-10646-ucs-2": "utf-16-le",
    "ucs-2": "utf-16-le",
    "unicode": "utf-16-le",
    "unicodefeff": "utf-16-le",
    "unicodefffe": "utf-16-be",
    "ucs-4": "utf-32-be",
}
_FALLBACKS: Final = {
    "big5hkscs": ("cp950",),
    "cp950": ("big5hkscs",),
    "cp932": ("shift_jis_2004",),
    "cp949": ("johab",),
}
_JAPANESE: Final = {"iso2022_jp": japanese.from_iso2022, "euc_jp": japanese.from_euc}
_ISO_8859: Final = re.compile(r"iso[-_ ]?8859[-_ ]?(\d{1,2})(?::\d{4})?\Z")
_CODE_PAGE: Final = re.compile(r"\A(?:x-)?(?:windows|win|cp|ibm|dos|ms)[-_ ]?(\d{3,4})\Z")
_WIDE: Final = re.compile(r"utf-(?:16|32)")
_ESCAPES: Final = re.compile(rb"\x1b(?:\$[@B]|\([BIJ])")
_UTF8_CJK: Final = re.compile(rb"[\xe3-\xed][\x80-\xbf]{2}")
_NO_TEXT: Final = re.compile("[\ufffd\ue000-\uf8ff]")
_TELLING: Final = 256  # characters that show whether a text is one
_PAIRED: Final = frozenset(["big5hkscs", "cp932"])
_SEVEN_BIT: Final = frozenset(
    ["iso2022_jp", "iso2022_jp_2004", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr", "hz", "utf-7"]
)


_MODULES: Final = frozenset(aliases.values()) | frozenset(
    name.replace("-", "_") for name in _SINGLE_BYTE | _MULTI_BYTE
)


@lru_cache(maxsize=512)
def _lookup(label: str) -> str | None:
    name = label.strip(" \t\r\n\"'").lower().removeprefix("charset=")
    name = _LABELS.get(name) or _CODE_PAGE.sub(r"cp\1", _ISO_8859.sub(r"iso8859-\1", name))
    if name not in _SINGLE_BYTE and name not in _MULTI_BYTE:
        module = normalize_encoding(name.removeprefix("x-"))
        module = aliases.get(module) or aliases.get(module.replace(".", "_")) or module
        if module not in _MODULES:
            return None  # the registry of codecs would look for a file, and remember each name
        try:
            name = codecs.lookup(module).name
        except LookupError:  # one of another system
            return None
    name = _ALIASES.get(name, name)
    return name if name in _SINGLE_BYTE or name in _MULTI_BYTE else None


def codec(label: str) -> str | None:
    """Return the codec that a charset label of any spelling means, or None if none is allowed."""
    return _lookup(label) if len(label) <= 60 else None


@lru_cache(maxsize=len(_SINGLE_BYTE))
def _table(name: str) -> str:
    """Return the 256 characters of a single-byte codec; an empty C1 place is that control."""
    chars = []
    for octet in range(256):
        try:
            chars.append(bytes((octet,)).decode(name))
        except UnicodeDecodeError:
            chars.append(chr(octet) if 0x80 <= octet <= 0x9F else "\ufffd")
    return "".join(chars)


def decode(data: bytes, label: str | None) -> str:
    """Return ``data`` as text; ``label`` is the charset its sender names, if any."""
    return decode_checked(data, label)[0]


def decode_checked(data: bytes, label: str | None) -> tuple[str, bool]:
    """Return ``data`` as text, and whether the charset was unknown or the octets broke it.

    The second value is ``isEncodingProblem`` of RFC 8621 §4.1.4.
    """
    name = codec(label) if label else None
    if data.isascii():
        if b"\x1b" not in data and _holds_ascii(name, data):
            return data.decode("ascii"), bool(label) and name is None
        if name not in _SEVEN_BIT and _ESCAPES.search(data):
            return _multi_byte(data, "iso2022_jp")[0], bool(label)  # no text has such controls
    if name is None or name == "ascii":
        return undeclared(data), bool(label)
    if name == "cp1252":
        return _western(data), False
    if name in _SINGLE_BYTE:
        text = codecs.charmap_decode(data, "strict", _table(name))[0]
        return text, "\ufffd" in text
    return _multi_byte(data, name)


def _holds_ascii(name: str | None, data: bytes) -> bool:
    """Tell whether ASCII octets are ASCII text under the codec ``name``."""
    if name is None or name in {"ascii", "utf-8", "cp1252", "gb18030", "cp932", "euc_jp", "cp949"}:
        return True
    if _WIDE.match(name):
        # A wrong label: UTF-16 of ASCII letters, blanks and line ends has NULs.
        return b"\0" not in data and (len(data) % 2 > 0 or b" " in data or b"\n" in data)
    return name in _SINGLE_BYTE and _table(name)[:128] == _table("cp1252")[:128]


def _western(data: bytes) -> str:
    """Decode what claims ISO 8859-1: windows-1252, unless no Western text has such octets."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    name = _lookup(detect.other_than_western(data) or "") or "cp1252"
    if name not in _SINGLE_BYTE:
        return data.decode(name, "replace")
    return codecs.charmap_decode(data, "strict", _table(name))[0]


def _multi_byte(data: bytes, name: str) -> tuple[str, bool]:
    if name.startswith("utf-16"):
        data = data[: len(data) & ~1]
        name = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else name
    text = None if name.startswith("utf") else _as_utf8(data)
    # no text in another charset is whole UTF-8 with several letters of East Asia by chance
    if text is None or len(_UTF8_CJK.findall(data)) < 2:
        found = _strictly(data, name)
        if found is None and text is None:
            return _damaged(data, name), True
        text = found or text or ""
    return text.removeprefix("\ufeff"), False


def _as_utf8(data: bytes) -> str | None:
    """Return the text of what is UTF-8 and not only ASCII; what is none ends the look early."""
    if data.isascii():
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _strictly(data: bytes, name: str) -> str | None:
    for candidate in (name, *_FALLBACKS.get(name, ())):
        try:
            text = data.decode(candidate)
        except UnicodeError:
            continue
        # GB 18030 has a place for nearly any pair: private use shows that it can be another's.
        if name == "gb18030" and _is_rubbish(text[:_TELLING], 6) and detect.guess(data) in _PAIRED:
            return None
        return text
    return None


def _damaged(data: bytes, name: str) -> str:
    """Return what can be read of octets that break the codec, or the text of a likelier one."""
    if name in _JAPANESE:
        text = _JAPANESE[name](data)
    else:
        text = data.decode(name, "replace").removeprefix("\ufeff")
    share = 3 if name == "utf-8" and _UTF8_CJK.search(data) else 5
    if not data.isascii() and _is_rubbish(text, share):
        other = undeclared(data)
        return text if other.count("\ufffd") > text.count("\ufffd") else other
    return text


def _is_rubbish(text: str, share: int) -> bool:
    """Tell whether more than one in ``share`` of what is not ASCII is no character of the codec."""
    others = len(text) - len(text.encode("ascii", "ignore"))
    return len(_NO_TEXT.findall(text)) * share > others


def undeclared_pieces(pieces: list[bytes]) -> list[str]:
    """Return the likeliest text of pieces that one sender wrote without a charset."""
    together = b" ".join(pieces)
    if together.isascii():
        return list(map(undeclared, pieces))
    try:
        together.decode("utf-8")
    except UnicodeDecodeError:
        name = _likeliest(together)
        return [decode(piece, None if piece.isascii() else name) for piece in pieces]
    return [piece.decode("utf-8") for piece in pieces]


def _likeliest(data: bytes) -> str:
    return _lookup(detect.detect(data) or "") or "cp1252"


def undeclared(data: bytes) -> str:
    """Return the likeliest text of octets that come without a charset.

    ASCII, ISO 2022-JP by its escapes, UTF-8; for the rest the statistics of charset-normalizer over
    a bounded sample.
    """
    if data.isascii():
        if _ESCAPES.search(data):
            return _multi_byte(data, "iso2022_jp")[0]
        return data.decode("ascii")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.end == len(data) and error.start > 0:
            return data.decode("utf-8", "replace")  # cut in its last character
    name = _likeliest(data)
    if name in _SINGLE_BYTE:
        return codecs.charmap_decode(data, "strict", _table(name))[0]
    return data.decode(name, "replace")
