"""HTML of strangers made safe to show, and its plain text.

`sanitise` gives a fragment that runs nothing, sends nothing, and loads nothing but what its
`Policy` allows: an allow-list of elements and attributes through ``nh3``, styles through
`hongyan.mime.css`. It is one of three walls; the others are the sandboxed frame and its own
Content-Security-Policy. Each HTML part is sanitised by itself and never joined with another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import nh3
from selectolax.lexbor import LexborHTMLParser

from hongyan.mime import css
from hongyan.mime.html_text import to_text
from hongyan.mime.markup import tame

if TYPE_CHECKING:
    from collections.abc import Callable

    from selectolax.lexbor import LexborNode

__all__ = ["Lie", "Policy", "lying_links", "sanitise", "to_text"]


def _no_part(_cid: str) -> str | None:
    return None


def _tell_nobody(_address: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Policy:
    """What the person allows.

    ``remote_images`` allows http and https images; ``resolve_cid`` gives the address of the part
    with a Content-ID, or None, and ``resolve_location`` that of the part that another address means
    (`hongyan.mime.related`); ``scope`` is the class of the element that wraps the result.
    ``blocked`` is told each remote address that was left out.
    """

    remote_images: bool = False
    resolve_cid: Callable[[str], str | None] = _no_part
    resolve_location: Callable[[str], str | None] = _no_part
    scope: str = "mail"
    blocked: Callable[[str], None] = _tell_nobody


@dataclass(frozen=True, slots=True)
class Lie:
    """A link: the host that its words show, and the host of its target."""

    shown: str
    target: str


_TAGS: Final = frozenset(
    {"a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote"}
    | {"br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn"}
    | {"dir", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3"}
    | {"h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "menu"}
    | {"nav", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span"}
    | {"strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead"}
    | {"time", "tr", "tt", "u", "ul", "var", "wbr"}
)
_DROPPED_WITH_CONTENT: Final = frozenset(
    {"applet", "audio", "canvas", "embed", "frameset", "iframe", "math", "noembed", "noframes"}
    | {"object", "plaintext", "script", "select", "style", "svg", "template", "textarea", "title"}
    | {"video", "xmp"}
)
_EVERYWHERE: Final = frozenset({"class", "dir", "lang", "style", "title", "align", "valign"})
_CELL: Final = frozenset(
    {"bgcolor", "background", "width", "height", "colspan", "rowspan", "nowrap"}
)
_ATTRIBUTES: Final = {
    **{tag: {*_EVERYWHERE} for tag in _TAGS},
    "a": {*_EVERYWHERE, "href", "name", "data-warning"},
    "img": {*_EVERYWHERE, "src", "alt", "width", "height", "border", "hspace", "vspace"},
    "font": {*_EVERYWHERE, "color", "face", "size"},
    "table": {*_EVERYWHERE, *_CELL, "border", "cellpadding", "cellspacing", "summary"},
    **{tag: {*_EVERYWHERE, *_CELL} for tag in ("td", "th", "tr", "tbody", "thead", "tfoot")},
    **{tag: {*_EVERYWHERE, "width", "span"} for tag in ("col", "colgroup")},
    "ol": {*_EVERYWHERE, "start", "type", "reversed"},
    "ul": {*_EVERYWHERE, "type"},
    "li": {*_EVERYWHERE, "value", "type"},
    "hr": {*_EVERYWHERE, "width", "size", "color", "noshade"},
    "br": {*_EVERYWHERE, "clear"},
    "time": {*_EVERYWHERE, "datetime"},
    "details": {*_EVERYWHERE, "open"},
}
_IMAGE_ATTRIBUTES: Final = frozenset({"src", "background"})
_LINK_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "sms"})
_BLANKS: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_INLINE_IMAGE: Final = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp|bmp|avif);base64,[A-Za-z0-9+/=\s%]*", re.IGNORECASE
)
_HOST_IN_TEXT: Final = re.compile(
    r"(?:https?://)?((?:[\w-]{1,63}\.){1,10}[^\W\d_]{2,24})(?:[/:?#\s]|\Z)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Filter:
    """The decision about each attribute value under one policy."""

    policy: Policy
    budget: css.Budget = field(default_factory=css.Budget)

    def style(self, declared: str) -> str:
        """Return the safe declarations of a ``style`` attribute."""
        return css.declarations(self.budget.take(declared), url=self.image)

    def image(self, address: str) -> str | None:
        """Return the address to load an image from, or None."""
        address = address.strip()
        if address[:4].lower() == "cid:":
            cid = address[4:]
            return self.policy.resolve_cid(cid) or self.policy.resolve_cid(unquote(cid))
        if own := self.policy.resolve_location(address):
            return own
        if _INLINE_IMAGE.fullmatch(address):
            return address
        plain = _BLANKS.sub("", address)
        allowed = plain[:8].lower().startswith(("http://", "https://"))
        if allowed and not self.policy.remote_images:
            self.policy.blocked(plain)
            return None
        return plain if allowed else None

    def attribute(self, _tag: str, name: str, value: str) -> str | None:
        """Return what an attribute shall be, or None to leave it out."""
        if name in _IMAGE_ATTRIBUTES:
            return self.image(value)
        if name == "style":
            return self.style(value) or None
        if name == "href":
            return _link(value)
        return value


def _link(address: str) -> str | None:
    plain = _BLANKS.sub("", address)
    scheme = _SCHEME.match(plain)
    return plain if scheme and scheme[1].lower() in _LINK_SCHEMES else None


def sanitise(html: str, policy: Policy | None = None) -> str:
    """Return ``html`` as a fragment that is safe to show under ``policy``.

    A link whose text names another host than it leads to has the real host in ``data-warning``.
    """
    policy = policy or Policy()
    decide = _Filter(policy)
    document = LexborHTMLParser(tame(html))
    sheets = [
        css.sheet(decide.budget.take(node.text()), scope=policy.scope, url=decide.image)
        for node in document.css("style")
    ]
    body = document.body
    if body is None:
        return ""
    for anchor in body.css("a"):
        _mark(anchor)
    inner = nh3.clean(
        (body.inner_html or "").replace("&nbsp;", "\xa0"),  # references cost more than letters
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes=_ATTRIBUTES,
        attribute_filter=decide.attribute,
        url_schemes={*_LINK_SCHEMES, "cid", "data"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
    )
    rules = "\n".join(filter(None, sheets))
    style = f"<style>{rules}</style>" if rules else ""
    return f'{style}<div class="{policy.scope}"{_body_style(body, decide)}>{inner}</div>'


def lying_links(html: str) -> tuple[Lie, ...]:
    """Return the links of ``html`` whose words show another host than they lead to."""
    anchors = LexborHTMLParser(tame(html)).css("a")
    return tuple(dict.fromkeys(filter(None, map(_lie, anchors))))


def _lie(anchor: LexborNode) -> Lie | None:
    target = _host(_link(anchor.attributes.get("href") or "") or "")
    words = _HOST_IN_TEXT.match(anchor.text(deep=True, separator="", strip=True)[:300])
    if target and words and not _same_site(words[1].lower(), target):
        return Lie(words[1].lower(), target)
    return None


def _mark(anchor: LexborNode) -> None:
    """Write the true host into ``data-warning`` when the link's words show another one."""
    attributes = anchor.attrs
    if "data-warning" in attributes:
        del attributes["data-warning"]
    if lie := _lie(anchor):
        attributes["data-warning"] = lie.target


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _same_site(shown: str, target: str) -> bool:
    shown, target = shown.removeprefix("www."), target.removeprefix("www.")
    return shown == target or target.endswith(f".{shown}")


_COLOUR: Final = re.compile(r"#?[\w]{1,32}")


def _body_style(body: LexborNode, decide: _Filter) -> str:
    """Return the ``style`` attribute that carries over what the body element says of itself."""
    attributes = body.attributes
    pieces = [decide.style(attributes.get("style") or "")]
    for name, declared in (("bgcolor", "background-color"), ("text", "color")):
        colour = (attributes.get(name) or "").strip()
        if _COLOUR.fullmatch(colour):
            pieces.insert(0, f"{declared}:{colour}")
    style = ";".join(filter(None, pieces))
    return f' style="{escape(style, quote=True)}"' if style else ""
