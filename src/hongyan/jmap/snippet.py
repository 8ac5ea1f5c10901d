"""SearchSnippet/get (RFC 8621 §5): why a message was found, as HTML that is only text and marks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.jmap.arguments import array, id_or_reference
from hongyan.jmap.email_filter import take_filter
from hongyan.jmap.errors import MethodError

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Hit, Snippet

_PREVIEW: Final = 255  # octets
_emails = array(id_or_reference)


def get(call: Call) -> Json:
    """Answer SearchSnippet/get."""
    account = call.account
    wanted = take_filter(call)
    ids = list(dict.fromkeys(map(call.resolve, call.take("emailIds", _emails))))
    call.end()
    if len(ids) > (most := call.limits.max_objects_in_get):
        raise MethodError("requestTooLarge", f"at most {most} messages at once")
    with call.store.view():
        rows = call.store.messages.list(ids)
        mine = [str(row.id) for row in rows if row.account_id == account.id]
        try:
            hits = call.store.search.snippets(wanted.json, mine)
        except InvalidArgument as why:
            raise MethodError("unsupportedFilter", str(why)) from None
    return call.answer(
        list=[_shown(hit) for hit in hits],
        notFound=[id_ for id_ in ids if id_ not in set(mine)] or None,
    )


def _shown(hit: Hit) -> Json:
    return {
        "emailId": hit.id,
        "subject": _marked(hit.subject) if hit.subject.marks else None,
        "preview": _marked(hit.snippet, most=_PREVIEW) if hit.snippet.marks else None,
    }


def _marked(snippet: Snippet, *, most: int | None = None) -> str:
    """Return a snippet as HTML, of at most so many octets."""
    found, room = [], most
    for text, is_marked in snippet.pieces():
        before, after = ("<mark>", "</mark>") if is_marked else ("", "")
        if room is not None:
            text = _cut(text, room - len(before) - len(after))  # noqa: PLW2901  # what is left of it
        piece = f"{before}{escape(text, quote=False)}{after}"
        if text:
            found.append(piece)
        if room is not None and (room := room - len(piece.encode())) <= 0:
            break
    return "".join(found)


def _cut(text: str, room: int) -> str:
    """Return as much of a text as has room once it is HTML in UTF-8."""
    used = 0
    for at, character in enumerate(text):
        used += len(escape(character, quote=False).encode())
        if used > room:
            return text[:at]
    return text
