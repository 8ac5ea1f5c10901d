"""For everybody, in every scene: dialogues, menus and forms beside the views of `test_access`.

``HONGYAN_SCENES=1 python -m pytest tests/e2e/test_scenes.py``; not with every run, for now and then a
scene is not left as it should be in the second look of a run, and it is not known yet why.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.scenes import SCENES, leave
from tests.e2e.test_access import cut_off, findings
from tests.support.desk import NARROW, WIDE

if TYPE_CHECKING:
    from tests.support.desk import Desk


@pytest.mark.skipif("HONGYAN_SCENES" not in os.environ, reason="see above: HONGYAN_SCENES=1")
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("locale", "theme", "size"),
    [
        ("en-GB", "light", WIDE),
        ("en-GB", "dark", NARROW),
        ("zh-CN", "dark", WIDE),
        ("zh-CN", "light", NARROW),
    ],
)
def test_every_scene_is_for_everybody(mail: Desk, locale: str, theme: Any, size: Any) -> None:
    """Views, dialogues, menus, forms: nothing serious for axe, no words that are cut off."""
    page = mail.open(locale=locale, color_scheme=theme, viewport=size)
    wrong: dict[str, list[str]] = {}
    for name, (scene, within) in SCENES.items():
        leave(page)
        scene(page)
        page.locator(within).first.wait_for()
        page.wait_for_timeout(200)  # what fades in
        wrong[name] = [*findings(page, within), *cut_off(page)]
    mail.forgive("ERR_INTERNET_DISCONNECTED")
    assert {name: found for name, found in wrong.items() if found} == {}
