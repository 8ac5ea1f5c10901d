"""The pictures of docs/pictures, made from the real program.

``HONGYAN_PICTURES=1 python -m pytest tests/e2e/test_pictures.py`` makes them anew; any other run only
makes sure that each can be made, and that there is one for each name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.helpers import read, write
from tests.support.desk import NARROW

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.support.desk import Desk

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LIGHT: dict[str, Any] = {"color_scheme": "light"}
DARK: dict[str, Any] = {"color_scheme": "dark"}
CHINESE: dict[str, Any] = {"locale": "zh-CN"}
PHONE: dict[str, Any] = {"viewport": NARROW, "device_scale_factor": 2}


def conversation(page: Page) -> None:
    read(page, "Nils Aune")


def letter(page: Page) -> None:
    read(page, "unusual honking")


def family(page: Page) -> None:
    read(page, "鹅的照片")


def writing(page: Page) -> None:
    read(page, "Nils Aune")
    write(page, "xiaoyan@goose.example", "Sunday on the water", "Dear Xiaoyan,")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+b")
    page.keyboard.type("seven o'clock")
    page.keyboard.press("Control+b")
    page.keyboard.type(", at the boathouse. Bring the good thermos.")


def listed(page: Page) -> None:
    page.locator("[role=option][data-key]").first.wait_for()


def searched(page: Page) -> None:
    page.locator("#search").fill("goose")
    page.locator(".preview mark").first.wait_for()
    page.locator("#search").blur()
    page.locator("[role=option][data-key]").nth(1).click()


PICTURES: dict[str, tuple[Callable[[Page], None], dict[str, Any]]] = {
    "wide-light": (conversation, LIGHT),
    "wide-dark": (letter, DARK),
    "wide-chinese": (family, LIGHT | CHINESE),
    "wide-writing": (writing, LIGHT),
    "wide-search-dark-chinese": (searched, DARK | CHINESE),
    "phone-light": (listed, LIGHT | PHONE),
    "phone-dark-chinese": (family, DARK | CHINESE | PHONE),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture(mail: Desk, name: str, tmp_path: Path) -> None:
    scene, options = PICTURES[name]
    page = mail.open(**options)
    scene(page)
    page.wait_for_timeout(900)
    folder = FOLDER if os.environ.get("HONGYAN_PICTURES") else tmp_path
    page.mouse.move(0, 0)
    taken = page.screenshot(path=folder / f"{name}.png")
    assert taken.startswith(b"\x89PNG")


def test_each_name_has_its_picture() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == set(PICTURES)
