"""For everybody: every scene of the page, looked at once for axe, for words that are cut off, and by keyboard."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.everybody import cut_off, findings, findings_on_a_phone, prepare, without_mouse
from tests.e2e.helpers import row
from tests.e2e.scenes import SCENES, leave

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.app.jobs import Advance
    from tests.support.desk import Desk

ON_A_PHONE = {("en-GB", "light"), ("zh-CN", "dark")}


@pytest.fixture(scope="module")
def job(running: Desk) -> Iterator[None]:
    """A job that works until it is told to end."""
    enough = threading.Event()

    def work(advance: Advance) -> dict[str, Any]:
        advance(3, 12, 0, 0)
        assert enough.wait(600)
        return {}

    running.app.jobs.begin("export", "subject:goose", work)
    yield
    enough.set()


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_every_scene_is_for_everybody(mail: Desk, locale: str, theme: Any) -> None:
    """Nothing serious for axe, AA contrast, no words cut off, all of it without a mouse.

    Each theme is also walked by axe at a phone's width, in one language.
    """
    is_narrow_too = (locale, theme) in ON_A_PHONE
    page = mail.open(locale=locale, color_scheme=theme, reduced_motion="reduce")
    row(page, "Welcome").wait_for()
    prepare(page)
    wrong: dict[str, list[str]] = {}
    for name, (scene, within) in SCENES.items():
        leave(page)
        scene(page)
        page.locator(within).first.wait_for()
        wrong[name] = [*findings(page, within), *cut_off(page)]
        if is_narrow_too:
            wrong[name] += findings_on_a_phone(page, within)
        wrong[name] += without_mouse(page, within)
    mail.forgive("ERR_INTERNET_DISCONNECTED")
    assert {name: found for name, found in wrong.items() if found} == {}
