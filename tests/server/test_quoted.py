"""Quotes at the end are folded away; what is said between or after them never is."""

from __future__ import annotations

import pytest

from hongyan.server.quoted import without_quote


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>Yes.</p><blockquote>Do you?</blockquote>", "<p>Yes.</p>"),
        ("<p>Yes.</p><blockquote>A<blockquote>B</blockquote></blockquote><br>", "<p>Yes.</p><br>"),
        (
            '<p>Yes.</p><div class="gmail_quote">On Monday: <blockquote>A</blockquote></div>',
            "<p>Yes.</p>",
        ),
        ("<div>Yes.<blockquote>A</blockquote></div>", "<div>Yes.</div>"),
    ],
)
def test_the_quote_at_the_end_goes(html: str, left: str) -> None:
    assert without_quote(html) == left


@pytest.mark.parametrize(
    "html",
    [
        "",
        "plain",
        "<p>No quote.</p>",
        "<blockquote>Nothing but a quote.</blockquote>",
        "<blockquote>A</blockquote><p>The answer stands below.</p>",
        "<p>One</p><blockquote>A</blockquote><p>and two.</p>",
        "<blockquote>Yes.</blockquote><p>I say it again: Yes.</p>",
        "<p>x</p>" + "<blockquote>" * 200_000,
        "<div>" + "<blockquote>" * 900 + "word " * 70_000 + "</blockquote>" * 900 + "x</div>",
    ],
)
def test_all_else_stays(html: str) -> None:
    assert without_quote(html) is None


def test_style_sheets_stay() -> None:
    html = "<style>p{color:red}</style><p>Yes.</p><blockquote>A</blockquote>"
    assert without_quote(html) == "<style>p{color:red}</style><p>Yes.</p>"
