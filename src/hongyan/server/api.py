"""The JMAP endpoints: the session object and the requests (RFC 8620 §2, §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from hongyan import jmap
from hongyan.jmap import RequestError
from hongyan.server.auth import private
from hongyan.server.body import read, require_json
from hongyan.server.site import doors

if TYPE_CHECKING:
    from starlette.requests import Request

    from hongyan.server.site import Site


@private
def session(site: Site, request: Request) -> Response:
    """Give the Session object."""
    return JSONResponse(jmap.session(site.jmap, doors(str(request.base_url).rstrip("/"))))


@private
def api(site: Site, request: Request) -> Response:
    """Answer a request."""
    require_json(request)
    limit = site.jmap.limits.max_size_request
    octets = read(request, limit=limit)
    try:
        if octets is None:
            raise RequestError(
                "limit", f"the request has more than {limit} octets", limit="maxSizeRequest"
            )
        return Response(jmap.answer(site.jmap, octets), media_type="application/json")
    except RequestError as error:
        return problem(error)


def problem(error: RequestError) -> Response:
    """Return the problem details of a request that is refused as a whole."""
    return JSONResponse(error.json(), error.status, media_type="application/problem+json")
