"""A browser and a desk for each module: what one test does, the next one finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tools import page

from tests.support.browser import chromium
from tests.support.desk import Desk, desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

expect.set_options(
    timeout=15_000
)  # milliseconds: how quick the page is, the bench says; see bench/


@pytest.fixture(scope="module")  # its driver holds an event loop, which other tests must not find
def browser() -> Iterator[Browser]:
    page.build()  # a test without a desk must not see the page of before
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def running(browser: Browser) -> Iterator[Desk]:
    with desk(browser=browser) as started:
        yield started


@pytest.fixture
def mail(running: Desk) -> Iterator[Desk]:
    """The module's desk; a page in which anything went wrong fails the test."""
    yield running
    running.close()
