"""The application: which path is answered by what."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from hongyan.errors import HongyanError
from hongyan.server import api, auth, blobs, events, message
from hongyan.server.auth import Refusal
from hongyan.server.guard import Guard
from hongyan.server.page import Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from hongyan.server.auth import Endpoint
    from hongyan.server.site import Site


def build(site: Site, *, hosts: frozenset[str], page: Page | None = None) -> ASGIApp:
    """Return the ASGI application of a site that may be called by ``hosts``."""
    get, post = ["GET"], ["POST"]
    files = page or Page.built()

    def route(path: str, endpoint: Endpoint, methods: list[str]) -> Route:
        return Route(path, partial(endpoint, site), methods=methods)

    async def stream(request: Request) -> Response:
        return await events.stream(site, request)

    app = Starlette(
        routes=[
            route("/session/start", auth.start, post),
            route("/session/end", auth.end, post),
            route("/session/link", auth.link, post),
            route("/session", auth.show, get),
            route("/.well-known/jmap", api.session, get),
            route("/jmap/api", api.api, post),
            Route("/jmap/events", stream, methods=get),
            route("/jmap/upload/{account}/", blobs.upload, post),
            route("/jmap/download/{account}/{blob}/{name}", blobs.download, get),
            route("/message/part/{signature}/{blob}", message.part, get),
            route("/message/link", message.link, get),
            route("/message/{account}/{email}", message.show, get),
            Route("/{path:path}", files.answer, methods=get),
        ],
        exception_handlers={
            Refusal: _refused,
            HTTPException: _http,
            HongyanError: _failed,
            Exception: _defect,
        },
    )
    app.router.redirect_slashes = False
    scheme = site.origin.partition(":")[0]
    return Guard(app, hosts=hosts, scheme=scheme)


def _refused(_: Request, error: Exception) -> Response:
    if isinstance(error, Refusal):
        return error.response()
    raise error


def _http(_: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _problem(error.status_code, error.detail, dict(error.headers or {}))
    raise error


def _failed(_: Request, error: Exception) -> Response:
    return _problem(503, str(error), {})


def _defect(_: Request, error: Exception) -> Response:
    return _problem(500, f"This is a defect of the program ({type(error).__name__}).", {})


def _problem(status: int, words: str, fields: dict[str, str]) -> Response:
    problem = {"type": "about:blank", "status": status, "detail": words}
    return JSONResponse(problem, status, headers=fields, media_type="application/problem+json")
