"""Unsubscribe/oneClick: leaving a list by the POST of RFC 8058, at the person's word alone.

The address is a stranger's: https only, of the open internet only, no redirect is followed, and
nothing goes along but the one field that the RFC prescribes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from hongyan import mime
from hongyan.app.own.shapes import coded
from hongyan.errors import HongyanError, NotFound
from hongyan.jmap import blob
from hongyan.jmap.arguments import id_or_reference
from hongyan.jmap.errors import MethodError
from hongyan.mime.jmap import Form, header_form

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.mime import Message
    from hongyan.net.web import Web

DONE: Final = "$unsubscribed"
_POST: Final = {"List-Unsubscribe": "One-Click"}
_HEAD: Final = 65_536  # octets


class UnsubscribeMethods:
    """The methods of Unsubscribe; ``web`` is what reaches strangers."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def one_click(self, call: Call) -> Json:
        """Answer Unsubscribe/oneClick: done when the list's server says so with a 2xx status."""
        account = call.account
        email_id = call.resolve(call.take("emailId", id_or_reference))
        call.end()
        try:
            row = call.store.messages.get(email_id)
            if row.account_id != account.id:
                raise NotFound("there is no such message in this account")
        except NotFound as why:
            raise MethodError("notFound", str(why)) from None
        url = address(mime.parse(bytes(blob.of_message(call.server, row)[:_HEAD])))
        if url is None:
            raise MethodError("forbidden", "this message offers no unsubscribing by one click")
        self._post(url)
        call.store.messages.patch_keywords(email_id, add=[DONE])
        return call.answer(emailId=email_id, host=urlsplit(url).hostname)

    def _post(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        try:
            status = self._web.post(url, _POST, within=20.0).status
        except HongyanError as error:
            raise MethodError("serverUnavailable", str(error), host=host, **coded(error)) from None
        if not 200 <= status < 300:
            words = f"{host} answered with status {status}: it is not known whether that helped"
            raise MethodError("serverUnavailable", words, host=host, status=status)


def address(message: Message) -> str | None:
    """Return where to send the POST; None where the message does not offer it (RFC 8058 §3.1)."""
    offer = str(_form(message, "List-Unsubscribe-Post", Form.TEXT) or "")
    if offer.strip().lower() != "list-unsubscribe=one-click":
        return None
    urls: list[str] = _form(message, "List-Unsubscribe", Form.URLS) or []
    return next((each for each in urls if each.lower().startswith("https://")), None)


def _form(message: Message, name: str, form: Form) -> Any:  # noqa: ANN401  # JSON
    value = message.header(name)
    return None if value is None else header_form(value, form)
