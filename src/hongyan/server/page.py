"""The page: files that the package carries, each known by name before anyone asks for one.

There is no path from an address to the file system: what is not in the list is not there.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from hongyan.server.headers import PAGE_POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from starlette.requests import Request

VIEWS: Final = frozenset(
    {"mail", "search", "compose", "outbox", "activity", "wire", "statistics", "rules", "settings"}
    | {"welcome"}
)
_HASHED: Final = re.compile(r"[.-][A-Za-z0-9_-]{8,}\.[a-z0-9]+\Z")
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Hongyan</title>
<h1>Hongyan 鸿雁</h1>
<p>The server runs, but its page has not been built here. <code>make page</code> builds it;
any JMAP client can use the server meanwhile: its address is <code>/.well-known/jmap</code>.</p>
</html>
"""


@dataclass(frozen=True)
class Page:
    """The files of the built page."""

    folder: Traversable

    @classmethod
    def built(cls) -> Page:
        """Return the page that the package carries."""
        return cls(resources.files("hongyan.server") / "page")

    @cached_property
    def files(self) -> dict[str, Traversable]:
        """Every file by its path from the root."""
        return dict(_files(self.folder, ""))

    def answer(self, request: Request) -> Response:
        """Give a file, or the page for a path of one of its views."""
        path = request.url.path.removeprefix("/")
        if path == "" or path.partition("/")[0] in VIEWS:
            path = "index.html"
        file = self.files.get(path)
        if file is not None:
            return _file(path, file)
        if path == "index.html":
            return _html(NOT_BUILT.encode())
        raise HTTPException(404, "There is nothing here.")


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    if not folder.is_dir():
        return
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, f"{prefix}{each.name}/")
        elif not each.name.startswith("."):
            yield f"{prefix}{each.name}", each


def _file(path: str, file: Traversable) -> Response:
    octets = file.read_bytes()
    if path.endswith(".html"):
        return _html(octets)
    suffix = path[path.rfind(".") :]
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    caching = _FOR_EVER if _HASHED.search(path) else "no-cache"
    return Response(octets, media_type=kind, headers={"Cache-Control": caching})


def _html(octets: bytes) -> Response:
    fields = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"}
    return Response(octets, media_type="text/html", headers=fields)
