"""The query parser alone."""

from __future__ import annotations

import pytest

from hongyan.store.query import All, Either, Node, Not, Term, parse


def word(value: str, at: int) -> Term:
    return Term("", value, at)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", None),
        (" \t", None),
        ("a", word("a", 1)),
        ("a b", All((word("a", 1), word("b", 3)))),
        ("a b OR c", Either((All((word("a", 1), word("b", 3))), word("c", 8)))),
        ("-a", Not(word("a", 1))),
        ("-(a OR b)", Not(Either((word("a", 3), word("b", 8))))),
        ('FROM:"a b"', Term("from", "a b", 1)),
        ("http://x", word("http://x", 1)),
        ('-subject:"x"', Not(Term("subject", "x", 1))),
        ("a-b - c", All((word("a-b", 1), word("-", 5), word("c", 7)))),
        ("a AND b", All((word("a", 1), word("b", 7)))),
        ("or", word("or", 1)),
        ('"OR"', word("OR", 1)),
    ],
)
def test_trees(text: str, node: Node | None) -> None:
    assert parse(text) == node
