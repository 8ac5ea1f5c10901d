"""A message's HTML as a document of its own, for a frame in which nothing is allowed.

Three walls: it is sanitised, it has a policy that loads nothing and runs nothing, and that policy
puts it into a sandbox without our origin. A sandboxed frame sends no cookie, so the pictures of its
own parts, and its links, have addresses that are signed. A link answers 204, which leaves the frame
as it is, and is told to the page, which shows where it leads.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from html import escape, unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from hongyan import mime
from hongyan.errors import NotFound
from hongyan.jmap import blob
from hongyan.mime.html import Policy, sanitise
from hongyan.mime.related import by_location
from hongyan.server.auth import private
from hongyan.server.blobs import SHOWN, ranged
from hongyan.server.headers import FILE_POLICY, message_policy
from hongyan.server.quoted import without_quote

if TYPE_CHECKING:
    from starlette.requests import Request

    from hongyan.mime import Message, Part
    from hongyan.server.site import Site

_ANCHOR: Final = re.compile(r"<a [^>]*>")
_HREF: Final = re.compile(r'\bhref="([^"]*)"')
_WARNING: Final = re.compile(r'\bdata-warning="([^"]*)"')
_COLOURED: Final = re.compile(
    r"""[\s;"{](?:color|background(?:-color)?)\s*:|\b(?:bgcolor|color|background)=""", re.IGNORECASE
)
_FRAME: Final = re.compile(r"[A-Za-z0-9_-]{0,64}")
_STYLE: Final = """
:root{color-scheme:light dark}:root.light{color-scheme:light}
@media not print{
:root.dark{color-scheme:dark;background:#1a1e1e;color:#e7eae8}:root.dark a{color:#7cc8bf}
.turned{background:#1a1e1e}.turned main{color:#000;filter:invert(.9) hue-rotate(180deg)}
.turned img{filter:invert(1) hue-rotate(180deg) contrast(1.1)}
}
@media print{:root{color-scheme:light;background:#fff;color:#000}}
:root,main{font:15px/1.55 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
main{overflow-wrap:anywhere}
body{margin:0}main{display:flow-root}img{max-width:100%;height:auto}pre{white-space:pre-wrap}
table{max-width:100%}blockquote{margin:8px 0;padding-left:12px;border-left:2px solid #c9c6bc}
"""


@dataclass(slots=True)
class _Pictures:
    """Addresses for the message's own pictures, and the remote ones that were left out."""

    site: Site
    blob_id: str
    parts: dict[str, Part]
    origin: str
    blocked: set[str] = field(default_factory=set)

    def address(self, cid: str) -> str | None:
        """Return the address of the part with a Content-ID."""
        return self.of(self.parts.get(cid.strip("<>")))

    def of(self, part: Part | None) -> str | None:
        """Return the address of ``part``."""
        if part is None:
            return None
        name = blob.part_blob(self.blob_id)(part)
        signature = self.site.keys.sign("part", name)
        return f"{self.origin}/message/part/{signature}/{name}"


@private
def show(site: Site, request: Request) -> Response:
    """Give a message's HTML, or its text as HTML."""
    message, blob_id = _message(site, request)
    query = request.query_params
    remote, origin = query.get("remote") == "1", str(request.base_url).rstrip("/")
    pictures = _Pictures(site, blob_id, _by_cid(message), origin)
    policy = Policy(
        remote_images=remote and "fragment" not in query,
        resolve_cid=pictures.address,
        blocked=pictures.blocked.add,
    )
    shown = "\n<hr>\n".join(
        _document(part, _located(message, part, policy, pictures)) for part in message.body.html
    )
    short = without_quote(shown)
    frame = query.get("frame", "")
    if not _FRAME.fullmatch(frame):
        raise HTTPException(400, "a frame's name has letters and digits")
    body = short if short is not None and query.get("quoted") == "0" else shown
    if "fragment" in query:
        body = f"<style>{_STYLE}</style>{body}"
    else:
        body = _whole(_linked(site, body, frame), theme=query.get("theme", ""))
    return Response(
        body,
        media_type="text/html",
        headers={
            "Content-Security-Policy": message_policy(origin, remote=remote),
            "X-Frame-Options": "SAMEORIGIN",
            "X-Hongyan-Remote": str(len(pictures.blocked)),
            "X-Hongyan-Quoted": "1" if short is not None else "0",
        },
    )


def _located(message: Message, page: Part, policy: Policy, pictures: _Pictures) -> Policy:
    """Return ``policy`` with the pictures that ``page`` names by their Content-Location."""
    find = by_location(message, page)
    return replace(policy, resolve_location=lambda address: pictures.of(find(address)))


def _message(site: Site, request: Request) -> tuple[Message, str]:
    store = site.jmap.store
    try:
        row = store.messages.get(request.path_params["email"])
    except NotFound as error:
        raise HTTPException(404, str(error)) from None
    if row.account_id != request.path_params["account"]:
        raise HTTPException(404, "there is no such message in this account")
    return mime.parse(blob.of_message(site.jmap, row)), row.blob_id


def _by_cid(message: Message) -> dict[str, Part]:
    return {part.cid: part for part in reversed(message.parts) if part.cid}


def _document(part: Part, policy: Policy) -> str:
    if part.content_type == "text/html":
        return sanitise(part.text(), policy)
    if part.content_type.startswith("text/"):
        return f"<pre>{escape(part.text())}</pre>"
    if part.cid and (address := policy.resolve_cid(part.cid)):
        return f'<img src="{escape(address)}" alt="{escape(part.filename or "")}">'
    return ""


def _whole(body: str, *, theme: str) -> str:
    name = theme if theme in ("light", "dark") else ""
    if name == "dark" and _COLOURED.search(body):
        name = "light turned"  # its colours belong together: they are turned, not mixed with ours
    return (
        f'<!doctype html><html class="{name}"><meta charset="utf-8"><style>{_STYLE}</style>'
        f"<body><main>{body}</main></body></html>"
    )


def _linked(site: Site, body: str, frame: str) -> str:
    """Lead every link to us: the page shows its true address and opens it."""

    def ours(found: re.Match[str]) -> str:
        tag = found[0].replace('target="_blank"', "")
        href, warning = _HREF.search(tag), _WARNING.search(tag)
        if href is None:
            return tag
        told = [frame, unescape(href[1]), unescape(warning[1]) if warning else ""]
        query = urlencode(
            {"link": json.dumps(told), "by": site.keys.sign("link", json.dumps(told))}
        )
        return tag.replace(href[0], f'href="/message/link?{escape(query)}"')

    return _ANCHOR.sub(ours, body)


def part(site: Site, request: Request) -> Response:
    """Give a picture that a message shows, to whoever has its signed address."""
    name, signature = request.path_params["blob"], request.path_params["signature"]
    if not site.keys.is_signed("part", name, signature):
        raise HTTPException(403, "this address was not made here")
    try:
        found = blob.find(site.jmap, name)
    except NotFound as error:
        raise HTTPException(404, str(error)) from None
    kind = found.part.content_type if found.part else ""
    if kind not in SHOWN or not kind.startswith("image/"):
        raise HTTPException(404, "this is no picture that can be shown")
    fields = {
        "Content-Security-Policy": FILE_POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin",  # for the sandbox, which has no origin
    }
    return ranged(found.octets, kind, "", fields)


def link(site: Site, request: Request) -> Response:
    """Tell the page that a link was clicked; the frame stays as it is."""
    told = request.query_params.get("link", "")
    if not site.keys.is_signed("link", told, request.query_params.get("by", "")):
        raise HTTPException(403, "this address was not made here")
    frame, href, warning = json.loads(told)
    site.hub.publish("link", {"frame": frame, "href": href, "warning": warning or None})
    return Response(status_code=204)
