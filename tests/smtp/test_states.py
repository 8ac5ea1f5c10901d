"""The page of states is what the table says, and the table knows no dead end."""

from __future__ import annotations

from tools import draw_states

from hongyan.smtp import TRANSITIONS, State, Verb


def test_the_page_is_drawn_from_the_table() -> None:
    page = (draw_states.STATES / "smtp.md").read_text("utf-8")
    assert page == draw_states.page("smtp"), "run python -m tools.draw_states"


def test_every_state_can_be_left_and_reached() -> None:
    assert {state for state, _, _ in TRANSITIONS} == set(State) - {State.CLOSED}
    assert set(TRANSITIONS.values()) | {State.GREETING} == set(State)


def test_every_command_can_be_answered() -> None:
    assert {verb for _, verb, _ in TRANSITIONS} == set(Verb)


def test_no_refusal_opens_anything() -> None:
    opened = {State.MAIL, State.RCPT, State.CONTENT, State.CHALLENGED}
    for (state, _, digit), after in TRANSITIONS.items():
        assert digit < 4 or after is state or after not in opened
