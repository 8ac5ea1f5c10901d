"""Tables that fit, text that wraps, and nothing that could steer a terminal."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hongyan.cli import output
from hongyan.cli.output import cut, fit, moment, octets, print_json, server, table, width, wrap

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("goose", 5), ("鸿雁", 4), ("é", 1), ("e\u0301", 1), ("", 0), ("ｗ", 2), ("a\u200bb", 2)],
)
def test_the_width_of_text(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("goose", 5, "goose"),
        ("goose", 4, "goo…"),
        ("鸿雁来信", 5, "鸿雁…"),
        ("鸿雁来信", 4, "鸿…"),
        ("wild goose", 6, "wild…"),
    ],
)
def test_what_is_too_long_ends_in_an_ellipsis(text: str, columns: int, shown: str) -> None:
    assert cut(text, columns) == shown


@given(TEXT, st.integers(1, 50))
def test_cut_never_takes_more_columns_than_there_are(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


@pytest.mark.parametrize(
    ("natural", "room", "given_"),
    [
        ([3, 2, 6, 20, 60], 72, [3, 2, 6, 20, 41]),
        ([3, 2, 6, 20, 60], 200, [3, 2, 6, 20, 60]),
        ([3, 2, 6, 20, 60], 32, [3, 2, 6, 10, 11]),
        ([30, 30], 3, [6, 6]),
        ([], 3, []),
    ],
)
def test_the_widest_columns_give_way(natural: list[int], room: int, given_: list[int]) -> None:
    assert fit(natural, room) == given_


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("", [""]),
        ("short", ["short"]),
        ("the goose flew home", ["the goose", "flew home"]),
        ("a" * 25, ["a" * 10, "a" * 10, "a" * 5]),
        ("> the goose flew", ["> the", "> goose", "> flew"]),
        ("鸿雁传书千里之外", ["鸿雁传书千", "里之外"]),
        ("  indented text", ["  indented", "text"]),
    ],
)
def test_lines_break_between_words(line: str, pieces: list[str]) -> None:
    assert list(wrap(line, 10)) == pieces


@given(TEXT, st.integers(12, 40))
def test_wrapping_loses_only_blanks(line: str, room: int) -> None:
    pieces = list(wrap(line, room))
    assert all(width(piece) <= room for piece in pieces)
    if ">" not in line:
        assert "".join(pieces).replace(" ", "") == line.replace(" ", "")


def test_a_line_of_a_megabyte_wraps_at_once() -> None:
    assert sum(1 for _ in wrap("goose " * 200_000, 80)) == pytest.approx(15_385, abs=100)


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5))
def test_a_table_fits_the_terminal(columns: int, rows: list[tuple[str, str, str]]) -> None:
    with CliRunner().isolation() as (out, _, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout.isatty", lambda: True)
        patch.setattr(output, "columns", lambda: columns)
        table(("ID", "WHO", "WHAT"), rows, empty="nothing")
        lines = out.getvalue().decode().splitlines()
    assert len(lines) == len(rows) + 1
    assert all(width(line) <= max(columns, 22) for line in lines)


def test_a_table_in_a_pipe_is_whole_and_has_tabs() -> None:
    with CliRunner().isolation() as (out, _, _):
        table(("A", "B"), [("x" * 500, "y\ty\x1b")], empty="nothing")
        table(("A", "B"), [], empty="nothing")
        assert out.getvalue().decode() == f"{'x' * 500}\ty y\n"


def test_an_empty_table_tells_the_person() -> None:
    with CliRunner().isolation() as (out, _, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout.isatty", lambda: True)
        table(("A",), [], empty="nothing")
        assert out.getvalue() == b"nothing\n"


@given(st.text())
def test_json_steers_no_terminal_and_loses_nothing(text: str) -> None:
    with CliRunner().isolation() as (out, _, _):
        print_json([text])
        printed = out.getvalue().decode()
    assert json.loads(printed) == [text]
    for char in set(printed) - {"\n"}:
        assert unicodedata.category(char) not in ("Cc", "Cs")
        assert unicodedata.bidirectional(char) not in {
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (9_949, "9.9 KB"), (10_000, "10 KB"),
        (999_499, "999 KB"), (999_500, "1.0 MB"), (5_000_000, "5.0 MB"), (2 * 10**12, "2000.0 GB"),
    ],
)  # fmt: skip
def test_sizes(size: int, shown: str) -> None:
    assert octets(size) == shown


def test_moments() -> None:
    now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC).astimezone()
    assert moment(now - timedelta(minutes=5), now) == f"{now - timedelta(minutes=5):%H:%M}"
    assert moment(now - timedelta(days=2), now) == "29 Jun"
    assert moment(now - timedelta(days=700), now) == "2024-07-31"


def test_a_pinned_server_is_whole_in_a_pipe() -> None:
    url = "pop3://h:110?pin=" + "0123456789abcdef" * 4
    with CliRunner().isolation(), pytest.MonkeyPatch.context() as patch:
        assert server(url) == url
        patch.setattr("sys.stdout.isatty", lambda: True)
        assert server(url) == "pop3://h:110?pin=01234567…"
        assert server(None) == "-"
