"""Words of nine languages by Zipf's law: a few are everywhere, most of tens of thousands are rare.

An index of texts made of them grows as one of real mail does; made of a few sentences it would not.
"""

from __future__ import annotations

import random
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SYLLABLES = tuple(
    "babebibodadedidofafegagohahekakelaleliloma"[at : at + 2] for at in range(0, 42, 2)
)
_ENGLISH = (
    "the",
    "and",
    "of",
    "to",
    "a",
    "in",
    "is",
    "you",
    "that",
    "it",
    "for",
    "was",
    "on",
    "are",
)
_COMMON = "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会"
_WORDS = {  # words that real searches look for, at known ranks
    "zh": "会议 发票 北京 上海 附件 项目 合同 请查收 谢谢 鸿雁",
    "ja": "会議 資料 東京 添付 確認 雁",
    "ko": "회의 첨부 파일 확인 서울 기러기",
    "th": "ประชุม เอกสาร กรุงเทพ สวัสดี ห่าน",
    "en": "meeting invoice estuary late train river reeds report budget goose",
    "de": "Besprechung Rechnung Wildgänse Grüße Unterlagen",
    "fr": "réunion facture oies devis bientôt",
    "ru": "встреча счёт гуси отчёт спасибо",
    "el": "συνάντηση τιμολόγιο χήνες έγγραφα",
}


@cache
def vocabulary(name: str) -> tuple[Sequence[str], Sequence[float]]:
    """Return a language's words with their cumulated weights, as `random.choices` takes them."""
    chance = random.Random(name)
    words = _WORDS[name].split()
    if name == "zh":
        words = [*_COMMON, *words, *_made(chance, range(0x4E00, 0x4E00 + 3500), 30_000, 2)]
    elif name == "ja":
        words = [*"のにはをたがでてとし", *words, *_made(chance, range(0x4E00, 0x5600), 20_000, 2)]
    elif name == "ko":
        words = [*words, *_made(chance, range(0xAC00, 0xAC00 + 2000), 20_000, 3)]
    elif name == "th":
        words = [*words, *_made(chance, range(0xE01, 0xE2E), 15_000, 4)]
    elif name in {"ru", "el"}:
        letters_ = range(0x430, 0x450) if name == "ru" else range(0x3B1, 0x3CA)
        words = [*words, *_made(chance, letters_, 30_000, 6)]
    else:
        made = (
            "".join(chance.choices(_SYLLABLES, k=chance.randrange(2, 5))) for _ in range(40_000)
        )
        words = [*_ENGLISH, *words, *dict.fromkeys(made)]
    return words, _weights(len(words))


@cache
def written(name: str, charset: str) -> tuple[Sequence[str], Sequence[float]]:
    """Return those of its words that a charset has, likewise."""
    words = [
        word
        for word in vocabulary(name)[0]
        if word == word.encode(charset, "ignore").decode(charset)
    ]
    return words, _weights(len(words))


def _weights(count: int) -> list[float]:
    """Return the cumulated weights of so many words, the most frequent first."""
    return list(accumulate(1 / (rank + 3) for rank in range(count)))


def _made(chance: random.Random, points: range, count: int, longest: int) -> list[str]:
    made = (
        "".join(chr(chance.choice(points)) for _ in range(chance.randrange(1, longest + 1)))
        for _ in range(count)
    )
    return list(dict.fromkeys(made))
