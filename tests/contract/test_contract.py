"""The golden pairs: each request in a fresh world, its answer to the letter.

Where the RFCs have an example, the request is theirs, with our ids; the rest is written from their
rules. What is ours to word (descriptions) is compared too, so that a change of it is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hongyan.jmap.methods import METHODS
from tests.contract.matching import differences
from tests.contract.world import USING, World, world

CASES = Path(__file__).parent / "cases"


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{file.stem}-{number}")
        for file in sorted(CASES.glob("*.json"))
        for number, case in enumerate(json.loads(file.read_text("utf-8")), 1)
    ]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "home") as made:
        yield made


@pytest.mark.parametrize("case", cases())
def test_answers_are_those_of_the_contract(case: dict[str, Any], here: World) -> None:
    request = {"using": case.get("using", USING), "methodCalls": case["calls"]}
    got = here.handle(json.dumps(request).encode())["methodResponses"]
    assert not differences(case["responses"], got, {}), case["about"]


def test_every_method_is_in_the_contract() -> None:
    called = {call[0] for case in cases() for call in case.values[0]["calls"]}
    standard = {name for name, (capability, _) in METHODS.items() if capability in USING}
    assert standard <= called
