"""What ``hongyan parse`` prints is an Email object of RFC 8621, whatever the message."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hongyan.demo.samples import messages
from hongyan.mime import Address
from tests.cli.command import Hongyan
from tests.support.corpus import CORPUS

SCHEMA = Path(__file__).parents[2] / "src" / "hongyan" / "mime" / "email.schema.json"
jsonschema: Any = importlib.import_module("jsonschema")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
HARD = [b"", b"\xff", b"Subject: =?utf-8?b?8J+mog?=\r\nContent-Type: multipart/mixed\r\n\r\n--"]
NOW = datetime(2026, 11, 26, tzinfo=UTC)
SAMPLES = messages(NOW, Address("Yan", "yan@goose.example"))


@pytest.mark.parametrize("octets", [*HARD, *SAMPLES[::6]], ids=range(len([*HARD, *SAMPLES[::6]])))
def test_the_object_fits_the_schema(nobody: Hongyan, octets: bytes) -> None:
    result = nobody("parse", "-", "--json", stdin=octets)
    assert result.code == 0
    VALIDATOR.validate(json.loads(result.octets))


def test_so_do_messages_of_others(nobody: Hongyan) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the shared corpus is not here")
    files = sorted((CORPUS / "mime4j" / "testmsgs").glob("*.msg"))
    assert files
    for file in files:
        VALIDATOR.validate(json.loads(nobody("parse", str(file)).octets))
