"""What a message quotes at its end: folded away, as the page wants it at first.

Only a quote after which nothing more is said is taken away, and only where something is said before
it: an answer between quotes, or a message that is nothing but a quote, stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

# Apple Mail, Thunderbird and we ourselves; Gmail; Yahoo; Proton.
_QUOTES: Final = "blockquote, .gmail_quote, .yahoo_quoted, .protonmail_quote"
_LARGEST: Final = 400_000


def without_quote(html: str) -> str | None:
    """Return sanitised ``html`` without the quote at its end; None where there is none."""
    if len(html) > _LARGEST or "<" not in html:
        return None
    tree = LexborHTMLParser(html)
    body = tree.body
    found = _last(body) if body else None
    if body is None or found is None:
        return None
    found.decompose()
    styles = "".join(node.html or "" for node in tree.css("head style"))
    return styles + (body.inner_html or "") if body.text(strip=True) else None


def _last(body: LexborNode) -> LexborNode | None:
    """Return the outermost quote that ends where the words of the body end."""
    quotes = {quote.mem_id for quote in body.css(_QUOTES)}
    node = _last_words(body) if quotes else None
    outermost = None
    while node is not None and node.mem_id != body.mem_id:
        outermost = node if node.mem_id in quotes else outermost
        node = node.parent
    return outermost


def _last_words(body: LexborNode) -> LexborNode | None:
    """Return the last piece of text that is more than blanks."""
    node = body.last_child
    while node is not None and not (node.tag == "-text" and (node.text_content or "").strip()):
        node = _before(node, body) if node.last_child is None else node.last_child
    return node


def _before(node: LexborNode, body: LexborNode) -> LexborNode | None:
    """Return the node that ends next before ``node``, within the body."""
    up: LexborNode | None = node
    while up is not None and up.mem_id != body.mem_id:
        if up.prev is not None:
            return up.prev
        up = up.parent
    return None
