"""Who is asking: a browser by cookie and, for changes, header token; others by Bearer token.

A browser begins with a one-time token (or, where one is set, the password); see `Keys`.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.responses import JSONResponse, Response

from hongyan.server.body import read_json
from hongyan.server.keys import SESSION_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from hongyan.server.site import Site

Endpoint: TypeAlias = "Callable[[Site, Request], Response]"

HEADER: Final = "X-Hongyan-Token"
_SAFE: Final = frozenset({"GET", "HEAD"})
_OURS: Final = frozenset({"same-origin", "none"})


class Refusal(Exception):  # what is answered, not a fault
    """Nobody is let in: the status and the words that are answered."""

    def __init__(self, status: int, words: str) -> None:
        """Keep them."""
        super().__init__(words)
        self.status = status

    def response(self) -> Response:
        """Return the response."""
        fields = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        problem = {"type": "about:blank", "status": self.status, "detail": str(self)}
        return JSONResponse(
            problem, self.status, headers=fields, media_type="application/problem+json"
        )


def cookie_name(request: Request) -> str:
    """Return the cookie's name: one for each port, as cookies do not tell ports apart."""
    return f"hongyan-{request.url.port or 0}"


def session_of(site: Site, request: Request) -> str | None:
    """Return the session that the request's cookie proves, or None."""
    return site.keys.session(request.cookies.get(cookie_name(request), ""))


def require(site: Site, request: Request) -> None:
    """Let the request in. Raises `Refusal`."""
    given = request.headers.get("authorization", "")
    scheme, _, token = given.partition(" ")
    if scheme.lower() == "bearer" and site.keys.is_bearer(token.strip()):
        return
    if given:
        raise Refusal(401, "This token is not right.")
    if request.headers.get("sec-fetch-site", "none") not in _OURS:
        raise Refusal(403, "Another site's page asks.")
    session = session_of(site, request)
    if session is None:
        raise Refusal(401, "There is no session: 'hongyan open' gives a link.")
    if request.method not in _SAFE and not site.keys.is_header_token(
        request.headers.get(HEADER, ""), session
    ):
        raise Refusal(403, f"A change needs the session's token in {HEADER}.")


def private(endpoint: Endpoint) -> Endpoint:
    """Let only those in who may come in."""

    @wraps(endpoint)
    def guarded(site: Site, request: Request) -> Response:
        require(site, request)
        return endpoint(site, request)

    return guarded


def start(site: Site, request: Request) -> Response:
    """Begin a browser session: ``POST /session/start`` with a one-time token or the password."""
    if request.headers.get("sec-fetch-site", "none") not in _OURS:
        raise Refusal(403, "Another site's page asks.")
    given = read_json(request, limit=10_000)
    if not isinstance(given, dict) or not _is_right(site, given):
        raise Refusal(
            401, "This link has been used, or is not right: 'hongyan open' gives another."
        )
    cookie = site.keys.new_session()
    session = site.keys.session(cookie)
    response = JSONResponse({"token": site.keys.header_token(session or "")})
    response.set_cookie(
        cookie_name(request),
        cookie,
        max_age=SESSION_DAYS * 86_400,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


def _is_right(site: Site, given: dict[str, object]) -> bool:
    token, password = given.get("token"), given.get("password")
    if isinstance(password, str):
        if wait := site.keys.password.seconds_to_wait():
            raise Refusal(429, f"Too many wrong passwords: try again in {wait:.0f} seconds.")
        return site.keys.password.is_right(password)
    return isinstance(token, str) and site.keys.take_start(token)


@private
def show(site: Site, request: Request) -> Response:
    """Give a page that was loaded anew its header token: ``GET /session``."""
    session = session_of(site, request)
    if session is None:
        raise Refusal(401, "There is no browser session.")
    return JSONResponse({"token": site.keys.header_token(session)})


@private
def end(site: Site, request: Request) -> Response:
    """End a browser session, its cookie and its streams of events: ``POST /session/end``."""
    if session := session_of(site, request):
        try:
            site.keys.end_session(session)
        finally:
            site.hub.end(session)
    response = JSONResponse({})
    response.delete_cookie(cookie_name(request), path="/", httponly=True, samesite="strict")
    return response


@private
def link(site: Site, _: Request) -> Response:
    """Make a new one-time link: ``POST /session/link``."""
    return JSONResponse({"url": site.start_link()})
