"""Requests as a whole: what is refused, with which status, and the limits (RFC 8620 §3.6.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.jmap import Limits, RequestError
from tests.contract.world import USING, World, world

ECHO = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"x": 1}, "0"]]}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "home") as made:
        yield made


def refusal(here: World, request: bytes) -> dict[str, Any]:
    with pytest.raises(RequestError) as caught:
        here.handle(request)
    problem = caught.value.json()
    assert problem["status"] == caught.value.status == 400
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"{", b"\xff{}", b'{"a": NaN}', b'{"a": 1, "a": 2}', b'{"a": "\\ud800"}', b"[" * 100_000,
        b'{"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"x": 1, "x": 2}, "0"]]}',
    ],
)  # fmt: skip
def test_what_is_no_i_json(here: World, octets: bytes) -> None:
    assert refusal(here, octets)["type"] == "urn:ietf:params:jmap:error:notJSON"


@pytest.mark.parametrize(
    "request_",
    [
        [], 1, None, {}, {"using": []}, {"methodCalls": []}, {"using": "x", "methodCalls": []},
        {**ECHO, "methodCalls": [["Core/echo", {}]]}, {**ECHO, "methodCalls": [["Core/echo", [], "0"]]},
        {**ECHO, "methodCalls": [[1, {}, "0"]]}, {**ECHO, "methodCalls": {}}, {**ECHO, "using": [1]},
        {**ECHO, "createdIds": []}, {**ECHO, "createdIds": {"a b": "m1"}},
    ],
)  # fmt: skip
def test_what_is_no_request(here: World, request_: object) -> None:
    problem = refusal(here, json.dumps(request_).encode())
    assert problem["type"] == "urn:ietf:params:jmap:error:notRequest"


def test_a_capability_that_nobody_has(here: World) -> None:
    problem = refusal(here, json.dumps({**ECHO, "using": ["urn:x"]}).encode())
    assert problem["type"] == "urn:ietf:params:jmap:error:unknownCapability"


def test_methods_of_capabilities_that_are_not_used_are_unknown(here: World) -> None:
    calls = [["Mailbox/get", {"accountId": "a1"}, "0"]]
    got = here.handle(json.dumps({**ECHO, "methodCalls": calls}).encode())
    assert got["methodResponses"] == [["error", {"type": "unknownMethod"}, "0"]]


def test_created_ids_come_and_go_with_the_request(here: World) -> None:
    calls = [
        [
            "Mailbox/set",
            {"accountId": "a1", "create": {"new": {"name": "N", "parentId": "#p"}}},
            "0",
        ]
    ]
    request = {"using": USING, "methodCalls": calls, "createdIds": {"p": "b5"}}
    got = here.handle(json.dumps(request).encode())
    assert got["createdIds"] == {"p": "b5", "new": "b8"}
    assert here.store.mailboxes.get("b8").parent_id == "b5"
    assert "createdIds" not in here.handle(json.dumps(ECHO).encode())


SMALL = Limits(
    max_size_request=300,
    max_calls_in_request=2,
    max_objects_in_get=2,
    max_objects_in_set=2,
    max_query=2,
)


def test_limits_of_requests(here: World) -> None:
    here.limits = SMALL
    too_long = {**ECHO, "methodCalls": [["Core/echo", {"x": "x" * 300}, "0"]]}
    problem = refusal(here, json.dumps(too_long).encode())
    assert (problem["type"], problem["limit"]) == (
        "urn:ietf:params:jmap:error:limit",
        "maxSizeRequest",
    )
    too_many = {**ECHO, "methodCalls": [["Core/echo", {}, "0"]] * 3}
    assert refusal(here, json.dumps(too_many).encode())["limit"] == "maxCallsInRequest"


def call(here: World, name: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
    request = {"using": USING, "methodCalls": [[name, {"accountId": "a1", **arguments}, "0"]]}
    answer = here.handle(json.dumps(request).encode())["methodResponses"][0]
    return answer[0], answer[1]


def test_limits_of_calls(here: World) -> None:
    here.limits = SMALL
    for name in ("Email/get", "Mailbox/get", "Thread/get", "EmailSubmission/get", "Identity/get"):
        assert call(here, name, ids=["m1", "m2", "m3"])[1]["type"] == "requestTooLarge", name
    assert call(here, "Email/get", ids=["m1", "m1", "m1"])[0] == "Email/get"
    assert call(here, "Email/get", ids=None)[1]["type"] == "requestTooLarge"
    three: dict[str, Any] = {"m1": {}, "m2": {}, "m3": {}}
    for name in ("Email/set", "Mailbox/set", "Identity/set", "EmailSubmission/set"):
        assert call(here, name, update=three)[1]["type"] == "requestTooLarge", name
    assert call(here, "Email/import", emails=three)[1]["type"] == "requestTooLarge"
    assert call(here, "Email/parse", blobIds=["a", "b", "c"])[1]["type"] == "requestTooLarge"
    snippets = call(here, "SearchSnippet/get", filter=None, emailIds=["m1", "m2", "m3"])
    assert snippets[1]["type"] == "requestTooLarge"
    _, found = call(here, "Email/query", limit=10)
    assert (len(found["ids"]), found["limit"]) == (2, 2)


def test_changes_in_parts_and_after_thirty_days(here: World) -> None:
    from datetime import timedelta

    _, first = call(here, "Email/changes", sinceState="0", maxChanges=4)
    assert first["hasMoreChanges"] is True
    _, rest = call(here, "Email/changes", sinceState=first["newState"], maxChanges=4)
    assert len(first["created"]) == 4
    assert sorted(first["created"] + rest["created"]) == ["m1", "m2", "m3", "m4", "m5", "m6"]
    assert rest["hasMoreChanges"] is False
    assert rest["newState"] == call(here, "Email/get", ids=[])[1]["state"]
    here.clock.now += timedelta(days=31)
    here.store.changes.prune(here.clock() - timedelta(days=30))
    for name in ("Email/changes", "Mailbox/changes", "Thread/changes"):
        assert call(here, name, sinceState="1")[1]["type"] == "cannotCalculateChanges"
    assert (
        call(here, "Email/queryChanges", sinceQueryState="1")[1]["type"] == "cannotCalculateChanges"
    )
    assert call(here, "Email/changes", sinceState=rest["newState"])[0] == "Email/changes"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
    | st.sampled_from(["a1", "b1", "m1", "m3", "t1", "#x", "$seen", "receivedAt"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = st.sampled_from(
    ["ids", "properties", "filter", "sort", "create", "update", "destroy", "sinceState", "maxChanges", "limit", "anchor",
     "position", "bodyProperties", "emailIds", "blobIds", "emails", "fromAccountId", "sinceQueryState", "#ids",
     "onSuccessUpdateEmail", "accountId"]
)  # fmt: skip


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_no_arguments_are_a_defect(here: World, data: st.DataObject) -> None:
    """Whatever a client gives: an answer, or an error of the RFC, never serverFail."""
    from hongyan.jmap.methods import METHODS

    name = data.draw(
        st.sampled_from(sorted(n for n, (home, _) in METHODS.items() if home in USING))
    )
    arguments = {"accountId": "a1", **data.draw(st.dictionaries(NAMES, JSON, max_size=4))}
    request = {"using": USING, "methodCalls": [[name, arguments, "0"]]}
    try:
        answers = here.handle(json.dumps(request).encode())["methodResponses"]
    except RequestError:
        return  # half a character in a text is no I-JSON
    for answer in answers:
        assert answer[1].get("type") not in ("serverFail", "serverUnavailable"), answer
