"""The Email object of RFC 8621, held against its schema."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.mime import email_object, parse
from hongyan.mime.jmap import Form, header_form

SCHEMA = Path(__file__).parents[2] / "src" / "hongyan" / "mime" / "email.schema.json"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
jsonschema: Any = importlib.import_module("jsonschema")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))

MESSAGE = b"""\
From: "Jane" <jane@example.org>
To: Friends: a@example.org, B <b@example.org>;, c@example.org
Subject:
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <1@example.org>
List-Unsubscribe: <https://example.org/u>, <mailto:u@example.org>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c

text
--c
Content-Type: text/html; charset=utf-8
Content-Language: en, de

<b>text</b>
--c--
--b
Content-Type: image/png; name=a.png
Content-ID: <x@y>
Content-Disposition: inline

png
--b--
"""


def test_object_has_the_shape_of_the_schema() -> None:
    VALIDATOR.check_schema(VALIDATOR.schema)
    found: dict[str, Any] = email_object(parse(MESSAGE))
    VALIDATOR.validate(found)
    assert found["messageId"] == ["1@example.org"]
    assert found["inReplyTo"] is None
    assert found["subject"] == ""
    assert found["sentAt"] == "2026-11-23T10:00:00Z"
    assert [part["partId"] for part in found["textBody"]] == ["2", "4"]
    assert [part["partId"] for part in found["htmlBody"]] == ["3", "4"]
    assert found["bodyValues"]["3"]["value"] == "<b>text</b>"
    structure = found["bodyStructure"]
    assert structure["partId"] is None
    assert [part["type"] for part in structure["subParts"]] == [
        "multipart/alternative",
        "image/png",
    ]
    assert structure["subParts"][0]["subParts"][1]["language"] == ["en", "de"]
    assert structure["subParts"][1]["cid"] == "x@y"
    assert structure["subParts"][0]["subParts"][0]["charset"] == "us-ascii"


def test_blob_ids_come_from_the_store() -> None:
    found: dict[str, Any] = email_object(parse(MESSAGE), blob_id=lambda part: f"b{part.index}")
    assert found["textBody"][0]["blobId"] == "b2"
    assert found["bodyStructure"]["blobId"] is None


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (b" =?utf-8?Q?a=C3=A9?=\r\n b", Form.TEXT, "aé b"),
        (b" a\xff\0", Form.RAW, " a\ufffd\ufffd"),
        (b" A: b@c;", Form.ADDRESSES, [{"name": None, "email": "b@c"}]),
        (
            b" A: b@c;",
            Form.GROUPED_ADDRESSES,
            [{"name": "A", "addresses": [{"name": None, "email": "b@c"}]}],
        ),
        (b" <a@b>\r\n <c@d>", Form.MESSAGE_IDS, ["a@b", "c@d"]),
        (b"", Form.MESSAGE_IDS, None),
        (b" Tue, 1 Jul 2003 10:52:37 +0200", Form.DATE, "2003-07-01T10:52:37+02:00"),
        (b" no date", Form.DATE, None),
        (b" <https://a/b>, <mailto:\r\n c@d>", Form.URLS, ["https://a/b", "mailto:c@d"]),
    ],
)
def test_header_forms(value: bytes, form: Form, expected: object) -> None:
    assert header_form(value, form) == expected


@settings(max_examples=50)
@given(st.lists(st.sampled_from(MESSAGE.splitlines(keepends=True)), max_size=40))
def test_any_shuffled_message_fits_the_schema(lines: list[bytes]) -> None:
    VALIDATOR.validate(email_object(parse(b"".join(lines))))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_whole_corpus_fits_the_schema() -> None:
    files = [p for p in CORPUS.rglob("*") if p.suffix in {".eml", ".msg", ".txt"}]
    for path in files:
        found = email_object(parse(path.read_bytes()))
        json.dumps(found)
        assert not list(VALIDATOR.iter_errors(found)), path
    assert len(files) > 300
