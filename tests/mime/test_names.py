"""File names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\x.exe", "x.exe"),
        ("/", "attachment"),
        ("", "attachment"),
        ("..", "attachment"),
        (".bashrc", "bashrc"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("a:b?c*.txt", "a_b_c_.txt"),
        ("name. ", "name"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\u200b\x00.txt", "a.txt"),
        ("发票.pdf", "发票.pdf"),
        ("a  b\tc.txt", "a b c.txt"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("中" * 200 + ".docx", "中" * 83 + ".docx"),
    ],
)
def test_safe(name: str, safe: str) -> None:
    assert names.safe(name) == safe


def test_doubles_are_told_apart() -> None:
    assert names.safe("a.txt", taken=["A.TXT"]) == "a (2).txt"
    assert names.safe("a.txt", taken=["a.txt", "a (2).txt"]) == "a (3).txt"
    assert names.safe(None) == "attachment"


@given(st.text(max_size=400), st.lists(st.text(max_size=5), max_size=3))
def test_any_name_is_safe(name: str, taken: list[str]) -> None:
    safe = names.safe(name, taken=taken)
    assert 0 < len(safe.encode()) <= 255
    assert not set(safe) & set('/\\:*?"<>|\0\n')
    assert not safe.startswith((".", " "))
    assert not safe.endswith((".", " "))
    assert safe not in taken
    assert names.safe(safe) == safe
