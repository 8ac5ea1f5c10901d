"""Parts of a new message: no property of them can begin another field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from hongyan.errors import InvalidArgument
from hongyan.jmap.email_parts import Parts
from hongyan.jmap.errors import NotSet

if TYPE_CHECKING:
    from hongyan.jmap.call import Jmap

NOWHERE = cast("Jmap", None)
EVIL = ["x\r\nX-Evil: 1", "x\nX-Evil: 1", "x\rX-Evil: 1", "x; y=z", "x y", "é", "x\0"]


def body(**given: Any) -> bytes:
    parts = Parts(NOWHERE, {**given, "bodyValues": {"1": {"value": "hi"}}})
    return parts.body().fields


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("prefix", ["", "text/"])
def test_a_type_is_one_word_a_slash_and_one_word(prefix: str, evil: str) -> None:
    with pytest.raises((InvalidArgument, NotSet)):
        body(bodyStructure={"partId": "1", "type": prefix + evil})


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("name", ["disposition", "cid"])
def test_words_about_a_part_are_words(name: str, evil: str) -> None:
    with pytest.raises((InvalidArgument, NotSet)):
        body(bodyStructure={"partId": "1", "type": "text/plain", name: evil})


@pytest.mark.parametrize("evil", EVIL[:3])
@pytest.mark.parametrize("name", ["name", "location", "language"])
def test_texts_about_a_part_end_no_line(name: str, evil: str) -> None:
    value = [evil] if name == "language" else evil
    given = {"partId": "1", "type": "text/plain", "disposition": "inline", name: value}
    with pytest.raises((InvalidArgument, NotSet)):
        body(bodyStructure=given)


@pytest.mark.parametrize("kind", [None, "text/plain", "TEXT/PLAIN"])
def test_the_one_text_may_leave_its_type_out(kind: str | None) -> None:
    found = body(textBody=[{"partId": "1", "type": kind}])
    assert found.startswith(b"Content-Type: text/plain; charset=utf-8\r\n")
    with pytest.raises(NotSet):
        body(textBody=[{"partId": "1", "type": 5}])
