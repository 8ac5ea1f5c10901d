"""The page with POP3's states says what the table says."""

from __future__ import annotations

from tools import draw_states


def test_the_page_is_drawn_from_the_table() -> None:
    page = (draw_states.STATES / "pop3.md").read_text("utf-8")
    assert page == draw_states.page("pop3"), "run python -m tools.draw_states"


def test_every_row_is_in_the_diagram() -> None:
    page = draw_states.page("pop3")
    for edge in draw_states.pop3_edges():
        arrow = f"{edge.source.name} --> {edge.target.name} : "
        (line,) = (line for line in page.splitlines() if arrow in line)
        assert edge.command in line
        assert edge.outcome in line
