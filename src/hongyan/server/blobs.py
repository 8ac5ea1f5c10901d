"""Uploads and downloads (RFC 8620 §6): octets in and out, never with a type that could run.

A download is a file to keep, unless ``inline=1`` asks to see one of the few types that are only
looked at. One range is answered as such; several are answered with the whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from hongyan.errors import NotFound
from hongyan.jmap import RequestError, blob
from hongyan.mime import names
from hongyan.server.api import problem
from hongyan.server.auth import private
from hongyan.server.body import chunks
from hongyan.server.headers import FILE_POLICY, SHOWN_POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from hongyan.server.site import Site
    from hongyan.store.protection import Octets

_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_CHUNK: Final = 1 << 18
_UNKNOWN: Final = "application/octet-stream"
_ACTIVE: Final = re.compile(
    r"text/(?!plain$|csv$|markdown$|calendar$|vcard$|x-diff$|x-patch$).*|.*(?:html|xml|svg|script|mhtml|multipart).*",
    re.IGNORECASE,
)
SHOWN: Final = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"}
    | {"application/pdf", "text/plain", "audio/mpeg", "audio/ogg", "audio/wav", "video/mp4"}
    | {"video/webm"}
)


@private
def upload(site: Site, request: Request) -> Response:
    """Keep octets for a day, or for as long as a message is made of them."""
    account_id = _account(site, request)
    limit = site.jmap.limits.max_size_upload
    kind = request.headers.get("content-type", _UNKNOWN)
    with site.jmap.store.blobs.writer() as writer:
        size = 0
        for chunk in chunks(request):
            size += len(chunk)
            if size > limit:
                words = f"an upload has at most {limit} octets"
                return problem(RequestError("limit", words, status=413, limit="maxSizeUpload"))
            writer.write(chunk)
        kept = site.jmap.store.blobs.keep(writer.finish())
    return JSONResponse(
        {"accountId": account_id, "blobId": kept.sha256, "type": kind, "size": kept.size}, 201
    )


@private
def download(site: Site, request: Request) -> Response:
    """Give the octets of a blob."""
    _account(site, request)
    try:
        octets = blob.find(site.jmap, request.path_params["blob"]).octets
    except NotFound as error:
        raise HTTPException(404, str(error)) from None
    kind = safe_type(request.query_params.get("type", _UNKNOWN))
    inline = "inline" in request.query_params and kind in SHOWN
    fields = {
        "Content-Disposition": disposition(request.path_params["name"], inline=inline),
        "Content-Security-Policy": SHOWN_POLICY if inline else FILE_POLICY,
        "X-Frame-Options": "SAMEORIGIN" if inline else "DENY",
    }
    return ranged(octets, kind, request.headers.get("range", ""), fields)


def _account(site: Site, request: Request) -> str:
    account_id: str = request.path_params["account"]
    if account_id not in {each.id for each in site.jmap.store.accounts.list()}:
        raise HTTPException(404, "there is no such account")
    return account_id


def safe_type(kind: str) -> str:
    """Return the type, or that of plain octets for anything that a browser might run."""
    return kind.lower() if _TYPE.fullmatch(kind) and not _ACTIVE.fullmatch(kind) else _UNKNOWN


def disposition(name: str, *, inline: bool) -> str:
    """Return a Content-Disposition (RFC 6266) with a name that is safe to create."""
    safe = names.safe(name)
    plain = safe.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_")
    kind = "inline" if inline else "attachment"
    return (
        f"{kind}; filename=\"{plain.replace('?', '_')}\"; filename*=UTF-8''{quote(safe, safe='')}"
    )


def ranged(octets: Octets, kind: str, wanted: str, fields: dict[str, str]) -> Response:
    """Return octets, or the one range of them that is wanted (RFC 9110 §14)."""
    size = len(octets)
    fields = {**fields, "Accept-Ranges": "bytes"}
    span = _span(wanted, size)
    if span is None:
        return _response(octets, 0, size, kind, fields, status=200)
    start, end = span
    if start >= end:
        return Response(status_code=416, headers={**fields, "Content-Range": f"bytes */{size}"})
    fields["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return _response(octets, start, end, kind, fields, status=206)


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """Return start and end of a range; an empty span is one that cannot be given."""
    found = _RANGE.fullmatch(wanted)
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        return max(size - int(found[2]), 0), size if int(found[2]) else 0
    start = int(found[1])
    end = int(found[2]) + 1 if found[2] else size
    if found[2] and end <= start:
        return None
    return start, min(end, size)


def _response(
    octets: Octets, start: int, end: int, kind: str, fields: dict[str, str], *, status: int
) -> Response:
    if end - start <= _CHUNK:
        return Response(bytes(octets[start:end]), status, headers=fields, media_type=kind)
    fields = {**fields, "Content-Length": str(end - start)}
    pieces = _pieces(octets, start, end)
    return StreamingResponse(pieces, status, headers=fields, media_type=kind)


def _pieces(octets: Octets, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _CHUNK):
        yield bytes(octets[at : min(at + _CHUNK, end)])
