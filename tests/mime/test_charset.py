"""Labels, wrong labels, no labels."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import charset, parse

LABELS: dict[str, str] = importlib.import_module("webencodings").LABELS
CHINESE = "鸿雁传书，发票请查收。会议改到星期三下午两点，请大家准时参加，谢谢。"
JAPANESE = "こんにちは。明日の会議は午後二時からです。よろしくお願いいたします。"
KOREAN = "안녕하세요. 내일 회의는 오후 두 시에 시작합니다. 감사합니다."
RUSSIAN = "Здравствуйте! Завтра совещание начнётся в два часа дня. Спасибо."


def test_every_label_of_the_web_is_known() -> None:
    unknown = [label for label in LABELS if charset.codec(label) is None]
    assert set(unknown) <= {"iso-2022-cn", "iso-2022-cn-ext", "replacement", "x-user-defined"}


@pytest.mark.parametrize(
    "label",
    [
        *("unicode_escape", "raw_unicode_escape", "idna", "punycode", "zlib", "undefined", "hex"),
        *("rot13", "base64", "mbcs", "oem", "string_escape", "bz2", "uu", "x" * 1000, "", "\0"),
    ],
)
def test_what_is_no_charset_is_refused(label: str) -> None:
    assert charset.codec(label) is None
    assert charset.decode(b"\\x41+AAA-", label) == "\\x41+AAA-"


@pytest.mark.parametrize(
    ("label", "octets", "text"),
    [
        ("iso-8859-1", b"\x80\x93", "€“"),
        ("windows-1252", b"\x81", "\x81"),
        ("us-ascii", "é".encode(), "é"),
        ("gb2312", "镕€".encode("gb18030"), "镕€"),
        ("GBK", "喆".encode("gb18030"), "喆"),
        ("ks_c_5601-1987", "똠".encode("cp949"), "똠"),
        ("shift_jis", "①㈱".encode("cp932"), "①㈱"),
        ("iso-2022-jp", b"\x1b$B-!-j\x1b(B", "①㈱"),
        ("iso-2022-jp", b"\x1b(I1\x1b(B", "ｱ"),
        ("euc-jp", b"\xad\xa1", "①"),
        ("big5", "恒碁".encode("cp950"), "恒碁"),
        ("utf-16", "\ufeffaé".encode("utf-16-le"), "aé"),
        ("utf-16", "\ufeffaé".encode("utf-16-be"), "aé"),
        ("utf-16", b"plain", "plain"),
        ("utf-7", b"+ZeVnLIqe-", "日本語"),
        ("utf-8", b"\xef\xbb\xbfa", "a"),
        ("unicode-1-1-utf-7", b"a+-b", "a+b"),
        ("koi8-r", RUSSIAN.encode("koi8-r"), RUSSIAN),
        ("windows-1251", RUSSIAN.encode("cp1251"), RUSSIAN),
        ("iso-8859-1", CHINESE.encode(), CHINESE),
        ("gb2312", CHINESE.encode(), CHINESE),
        ("iso-2022-jp", JAPANESE.encode(), JAPANESE),
        ("shift_jis", JAPANESE.encode(), JAPANESE),
        ("euc-kr", KOREAN.encode("euc_kr"), KOREAN),
        ("gbk", "联通".encode("gbk"), "联通"),
        ("hz-gb-2312", "中".encode("hz"), "中"),
        ("cp037", "abc".encode("cp037"), "abc"),
    ],
)
def test_labels(label: str, octets: bytes, text: str) -> None:
    assert charset.decode(octets, label) == text


@pytest.mark.parametrize(
    ("labels", "codecs"),
    [
        ("windows1251 win-1251 cp-1251 x-cp1251 cp1251 Windows-1251", "cp1251"),
        ("windows-874 dos-874 x-windows-874 tis-620 iso-8859-11", "cp874"),
        ("windows-949 x-windows-949 x-mac-korean euc-kr ks_c_5601-1987", "cp949"),
        ("windows-936 ms936 gb2312 x-mac-chinesesimp x-mac-simp-chinese", "gb18030"),
        ("windows-950 big5 x-mac-chinesetrad x-mac-trad-chinese", "big5hkscs cp950"),
        ("windows-932 sjis-win x-mac-japanese windows-31j ibm932", "cp932"),
        ("cp51932 eucjp-ms eucjp-win euc-jp", "euc_jp"),
        ("iso-2022-jp-ms cp50221 iso-2022-jp", "iso2022_jp"),
        ("ibm-850 ibm850 cp-850 850", "cp850"),
        ("ansi x-ansi ibm-1252 latin1 iso-8859-1 windows-1252", "cp1252"),
        ("usascii us_ascii 646 ansi_x3.4-1968", "ascii"),
    ],
)
def test_one_charset_has_many_names(labels: str, codecs: str) -> None:
    found = {label: charset.codec(label) for label in labels.split()}
    assert set(found.values()) == set(codecs.split())


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        *((CHINESE, name) for name in ("utf-8", "gb18030", "big5")),
        *((JAPANESE, name) for name in ("utf-8", "shift_jis", "euc_jp", "iso2022_jp")),
        *((KOREAN, name) for name in ("utf-8", "euc_kr")),
        *((RUSSIAN, name) for name in ("utf-8", "cp1251", "koi8_r")),
        ("Grüße aus München, schöne Woche noch", "cp1252"),
        ("张三", "gb18030"),
        ("発注ﾘｽﾄ", "utf-8"),
    ],
)
def test_text_without_a_label_is_recognised(text: str, codec: str) -> None:
    octets = text.encode(codec, "ignore")
    wanted = octets.decode(codec)
    assert charset.decode(octets, None) == wanted
    assert charset.decode(octets, "x-nobody-knows") == wanted
    message = parse(b"Subject: x\n\n" + octets)
    assert message.text == wanted


def test_broken_utf8_keeps_what_is_whole() -> None:
    text, problem = charset.decode_checked("中国的信".encode() + b"\xff" + b"a", "utf-8")
    assert (text, problem) == ("中国的信\ufffda", True)


@given(st.binary(max_size=80), st.sampled_from([*LABELS, "utf-7", "hz", "cp037", "none"]))
def test_any_octets_under_any_label_are_text(octets: bytes, label: str) -> None:
    assert isinstance(charset.decode(octets, label), str)


PUBLIC = st.characters(exclude_categories=["Cs", "Co"])  # private use can be another charset's


@given(st.text(PUBLIC, max_size=40), st.sampled_from(["utf-8", "gb18030", "utf-16-le", "utf-7"]))
def test_what_was_encoded_comes_back(text: str, codec: str) -> None:
    clean = text.encode("utf-8", "ignore").decode().replace("\ufeff", "").replace("\0", "")
    if codec != "utf-16-le" or not clean.encode(codec).isascii():
        assert charset.decode(clean.encode(codec), codec) == clean


SENTENCES = {
    "gb18030": ("会议通知", "请查收附件，有问题随时联系我。", "订单已发货"),
    "big5": ("會議通知", "請查收附件，有問題隨時告訴我。謝謝你的來信", "您好，訂單已出貨"),
    "cp932": ("会議のお知らせ", "資料を添付しましたので、ご確認ください。", "テスト"),
    "euc_jp": ("会議のお知らせ", "資料を添付しましたので、ご確認ください。", "ありがとう"),
    "iso2022_jp": ("会議のお知らせ", "資料"),
    "cp949": ("회의 안내", "첨부 파일을 확인하시고 답장 부탁드립니다.", "감사합니다"),
    "koi8_r": ("Посмотрите, пожалуйста, вложенный отчёт до четверга.",),
    "cp1251": ("Посмотрите, пожалуйста, вложенный отчёт до четверга.",),
    "cp1252": (
        "Könnten Sie mir die Unterlagen zurückschicken?",
        "À bientôt, et merci",
        "señor ¿qué?",
    ),
    "cp1253": ("Οι αγριόχηνες πέρασαν πάνω από τη λίμνη την αυγή.",),
    "utf-8": ("会议通知", "Könnten Sie?", "Привет"),
}
WRITTEN = [(name, text) for name, texts in SENTENCES.items() for text in texts]


@pytest.mark.parametrize("label", [None, "us-ascii", "utf-8", "x-unknown"])
@pytest.mark.parametrize(("written", "text"), WRITTEN)
def test_a_label_that_octets_contradict_does_not_count(
    written: str, text: str, label: str | None
) -> None:
    assert charset.decode(text.encode(written), label) == text


@pytest.mark.parametrize(("written", "text"), [("gb18030", "请查收附件，有问题随时联系我。"), ("cp932", "お世話になっております。株式会社の田中です。"), ("cp949", "안녕하세요. 다음 주 회의는 수요일로 옮겼습니다.")])  # fmt: skip
def test_letters_with_accents_do_not_stand_in_runs(written: str, text: str) -> None:
    assert charset.decode(text.encode(written), "iso-8859-1") == text


def test_a_table_of_letters_is_what_it_says() -> None:
    table = "".join(map(chr, range(0xA0, 0x100)))
    assert charset.decode(table.encode("latin-1"), "iso-8859-1") == table


def test_private_use_shows_another_charset() -> None:
    text = "請查收附件，有問題隨時告訴我。謝謝你的來信"
    assert charset.decode(text.encode("big5"), "gb2312") == text
