"""A request and its response (RFC 8620 §3.3-3.7): parsing, limits, calling, errors. Pure.

A request is refused as a whole (`RequestError`) or answered call by call; one call's failure never
touches another.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import (
    HongyanError,
    InvalidArgument,
    NetworkError,
    NotFound,
    NotHereYet,
    Refused,
    StoreError,
    code_of,
)
from hongyan.jmap.arguments import array, id_, mapping, text
from hongyan.jmap.call import Call
from hongyan.jmap.errors import Json, MethodError, RequestError
from hongyan.jmap.reference import resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hongyan.jmap.call import Jmap, Method

    Methods = Mapping[str, tuple[str, Method]]

_MAY_BE_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def parse(octets: bytes, *, limit: int) -> Any:  # noqa: ANN401  # JSON
    """Return the I-JSON (RFC 7493) in ``octets``. Raises `RequestError` ``notJSON``, ``limit``."""
    if len(octets) > limit:
        raise RequestError(
            "limit", f"the request has more than {limit} octets", limit="maxSizeRequest"
        )
    try:
        value = json.loads(
            octets.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number
        )
        if _MAY_BE_SURROGATE.search(octets):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        words = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise RequestError("notJSON", f"the request is no I-JSON: {words}") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def run(
    server: Jmap,
    request: object,
    methods: Methods,
    *,
    capabilities: frozenset[str],
    session_state: str,
) -> Json:
    """Answer a parsed request. Raises `RequestError`."""
    using, calls, created = _read(request, server.limits.max_calls_in_request)
    for unknown in sorted(using - capabilities):
        raise RequestError("unknownCapability", f"this server has no {unknown}")
    responses: list[list[Any]] = []
    names = {} if created is None else created
    allowed = {name: method for name, (home, method) in methods.items() if home in using}
    for name, arguments, call_id in calls:
        answers = _answers(server, allowed, name, arguments, responses, names)
        responses += ([*answer, call_id] for answer in answers)
    response = {"methodResponses": responses, "sessionState": session_state}
    return response if created is None else {**response, "createdIds": names}


def _read(
    request: object, most: int
) -> tuple[frozenset[str], list[tuple[str, Json, str]], dict[str, str] | None]:
    """Return the capabilities, the calls and the created ids of a Request object."""
    if not isinstance(request, dict):
        raise RequestError("notRequest", "a request is an object")
    try:
        using = array(text)(request.get("using"))
        calls = [_invocation(each) for each in array(lambda call: call)(request.get("methodCalls"))]
        given = request.get("createdIds")
        created = None if given is None else mapping(id_, id_)(given)
    except ValueError as error:
        raise RequestError(
            "notRequest", f"a request has using, methodCalls, and perhaps createdIds: one {error}"
        ) from None
    if len(calls) > most:
        raise RequestError(
            "limit", f"a request has at most {most} calls", limit="maxCallsInRequest"
        )
    return frozenset(using), calls, created


def _invocation(call: object) -> tuple[str, Json, str]:
    if isinstance(call, list) and len(call) == 3:
        name, arguments, call_id = call
        if isinstance(name, str) and isinstance(arguments, dict) and isinstance(call_id, str):
            return name, arguments, call_id
    raise ValueError("is no call of a name, arguments and an id")


def _answers(
    server: Jmap,
    methods: Mapping[str, Method],
    name: str,
    arguments: Json,
    responses: list[list[Any]],
    created: dict[str, str],
) -> list[tuple[str, Json]]:
    """Return the answer of a call, and those of the calls that follow from it."""
    call: Call | None = None

    def answer() -> Json:
        nonlocal call
        call = Call(server, resolved(arguments, responses), created)
        return _method(methods, name)(call)

    answers = [_or_error(name, answer)]
    for following, its_arguments in call.follow_ups if call else ():
        answers += _answers(server, methods, following, its_arguments, [], created)
    return answers


def _method(methods: Mapping[str, Method], name: str) -> Method:
    if name not in methods:
        raise MethodError("unknownMethod")
    return methods[name]


def _or_error(name: str, answer: Callable[[], Json]) -> tuple[str, Json]:
    try:
        return name, answer()
    except MethodError as error:
        return "error", error.json()
    except HongyanError as error:
        more = {"code": code_of(error), "given": error.arguments}
        return "error", MethodError(_kind(error), str(error), **more).json()
    except Exception as error:  # noqa: BLE001  # a defect in one method must not end the others
        words = f"a defect of the program ({type(error).__name__})"
        return "error", MethodError("serverFail", words).json()


def _kind(error: HongyanError) -> str:
    if isinstance(error, InvalidArgument | NotFound):
        return "invalidArguments"
    if isinstance(error, NetworkError | NotHereYet | StoreError):
        return "serverUnavailable"
    return "forbidden" if isinstance(error, Refused) else "serverFail"
