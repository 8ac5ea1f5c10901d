"""Every IMAP transcript under the replay driver, with the server's octets cut at every size."""

from __future__ import annotations

from pathlib import Path

import pytest

from hongyan.net.replay import ReplayDriver
from tests.imap.cases import CASES

FOLDER = Path(__file__).parent.parent / "transcripts"
SUFFIX = ".dialogue"


def test_every_transcript_has_its_case() -> None:
    found = (FOLDER / "imap").glob(f"*{SUFFIX}")
    assert {f"imap/{path.stem}" for path in found} == set(CASES)


@pytest.mark.parametrize("chunk", [1, 2, 7, 0])
@pytest.mark.parametrize("name", CASES)
def test_replay(name: str, chunk: int) -> None:
    case = CASES[name]
    driver = ReplayDriver((FOLDER / f"{name}{SUFFIX}").read_text("utf-8"), chunk=chunk)
    if case.error is None:
        assert driver.run(case.flow()) == case.result
        driver.finish()
    else:
        with pytest.raises(case.error, match=case.says):
            driver.run(case.flow())
