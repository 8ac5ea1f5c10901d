"""Header values: text, ids, parameters; and that no value is slow or raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import header


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b" plain ", "plain"),
        (b" folded\r\n\tonce", "folded once"),
        (b"parted\tby a tab", "parted by a tab"),
        (b"=?utf-8?q?a=C3=A9?=", "aé"),
        (b"=?utf-8?b?5byg?= =?utf-8?b?5LiJ?=", "张三"),
        (b"=?utf-8?q?=E5=BC?=\r\n =?utf-8?q?=A0?=", "张"),
        (b"=?utf-8?b?5b?= =?utf-8?b?yg?=", "张"),
        (b"=?utf-8?b?w6k?= =?utf-8?b?w6k?=", "éé"),
        (b"=?iso-2022-jp?b?GyRCMTE?= =?iso-2022-jp?b?GyhC?=", "臼"),
        (b"=?gb2312?B?1cXI/Q==?= x", "张三 x"),
        (b"=?iso-2022-jp?B?GyRCLSEbKEI=?=", "①"),
        (b"=?ks_c_5601-1987?B?sbm067y+?=", "국대센"),
        (b"=?big5?Q?=B1i=A4T?=", "張三"),
        (b"=?x-unknown?Q?abc?=", "abc"),
        (b"=?utf-8?Q?a_b?= c", "a b c"),
        (b"\xe5\xbc\xa0\xe4\xb8\x89", "张三"),
        (b"=?utf-8?q?a=00b=0A?=", "ab"),
        (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
        (b"=?us-ascii*en?q?a?=", "a"),
        (b"e\xcc\x81", "é"),
    ],
)
def test_text(value: bytes, text: str) -> None:
    assert header.text(value) == text


@pytest.mark.parametrize(
    ("value", "kind", "parameters"),
    [
        (b" Text/Plain; Charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
        (b'a/b; x="1;2"; y=3', "a/b", {"x": "1;2", "y": "3"}),
        (b"a/b; name=my file.pdf; x=1", "a/b", {"name": "my file.pdf", "x": "1"}),
        (b'a/b; name="=?utf-8?B?5byg?=.pdf"', "a/b", {"name": "张.pdf"}),
        (b"a/b; name*=utf-8''%E5%BC%A0.pdf", "a/b", {"name": "张.pdf"}),
        (b"a/b; name*1=b; name*0=a", "a/b", {"name": "ab"}),
        (b"a/b; name*0*=gbk''%D5%C5; name*1*=%C8%FD", "a/b", {"name": "张三"}),
        (b"a/b; name=old; name*=utf-8''new", "a/b", {"name": "new"}),
        (b"a/b; x=1; x=2", "a/b", {"x": "1"}),
        (b'a/b; x="a\\"b"', "a/b", {"x": 'a"b'}),
        (b"a/b (note); x=1 (more)", "a/b", {"x": "1"}),
        (b'a/b; (1) x (2) = (3) "y" (4); z=1', "a/b", {"x": "y", "z": "1"}),
        (b"a/b; name = (1).pdf", "a/b", {"name": "(1).pdf"}),
        (b'a/b; name="\xd5\xc5\xc8\xfd.doc"', "a/b", {"name": "张三.doc"}),
        (b"", "", {}),
    ],
)
def test_parameterised(value: bytes, kind: str, parameters: dict[str, str]) -> None:
    found = header.parameterised(value)
    assert found.value == kind
    assert found.parameters == parameters


@given(st.text(alphabet="ab/;=\"\\*0123'%=?() \r\n\t-é", max_size=60).map(str.encode))
def test_short_way_and_full_way_agree(value: bytes) -> None:
    full = header._parameterised_fully(value)
    assert header._parameterised(value) == full


@given(st.binary(max_size=200))
def test_any_value_has_all_forms(value: bytes) -> None:
    assert "\n" not in header.text(value)
    assert isinstance(header.parameterised(value).value, str)
    assert all("<" not in one for one in header.message_ids(b"<" + value + b">"))
    assert isinstance(header.urls(value), tuple)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_encoded_words_of_the_standard_library_come_back(text: str) -> None:
    import unicodedata
    from email.header import Header

    clean = " ".join("".join(c for c in text if c.isprintable()).split())
    encoded = Header(clean, "utf-8", maxlinelen=40).encode()
    assert header.text(encoded.encode()) == unicodedata.normalize("NFC", clean)
