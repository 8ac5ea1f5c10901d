"""Signing in from the page: begin, ask how it stands, and hand the outcome to a new account.

A sign-in under way lives in this process alone, under an id that cannot be guessed; it ends with
its account, or after ten minutes.
"""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hongyan.app.own.shapes import coded, trouble
from hongyan.errors import HongyanError, NotFound, TimedOut
from hongyan.jmap.arguments import optional, text
from hongyan.jmap.errors import MethodError, invalid
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from hongyan.app.signing_in import SignIn, SigningIn
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json

_MOST: Final = 8
_VARIABLE: Final = "HONGYAN_CLIENT_SECRET"
_UNTIL_SHOWN: Final = 20.0  # seconds


@dataclass(slots=True)
class _UnderWay:
    """One sign-in: its page once there is one, its outcome once there is one."""

    shown: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    done: SignIn | None = None
    error: HongyanError | None = None
    wanted: bool = True


class SignIns:
    """The sign-ins of this process."""

    def __init__(self, signing_in: SigningIn) -> None:
        self._signing_in = signing_in
        self._lock = threading.Lock()
        self._under_way: dict[str, _UnderWay] = {}

    def authorise(self, call: Call) -> Json:
        """Answer MailAccount/authorise: the page to open."""
        provider = call.take("provider", text)
        client_id = call.take("clientId", text)
        address = call.take("address", text, "")
        secret = call.take("clientSecret", optional(text), None) or ""
        call.end()
        if not client_id:
            raise invalid("clientId", "is missing: the provider gives one to each program")
        name, one = secrets.token_urlsafe(16), _UnderWay()
        with self._lock:
            while len(self._under_way) >= _MOST:
                self._under_way.pop(next(iter(self._under_way))).wanted = False
            self._under_way[name] = one
        arguments = (one, provider, client_id, secret or os.environ.get(_VARIABLE, ""), address)
        threading.Thread(target=self._run, args=arguments, daemon=True).start()
        one.shown.wait(_UNTIL_SHOWN)
        if not one.url:
            error = one.error or TimedOut(Reason.SIGN_IN_UNANSWERED.of())
            raise MethodError("serverUnavailable", str(error), **coded(error))
        return {"url": one.url, "authorisation": name}

    def _run(
        self, one: _UnderWay, provider: str, client_id: str, secret: str, address: str
    ) -> None:
        def show(url: str) -> None:
            one.url = url
            one.shown.set()

        try:
            one.done = self._signing_in.in_browser(
                self._signing_in.provider(provider),
                self._signing_in.client(client_id, secret),
                address=address,
                show=show,
                still=lambda: one.wanted,
            )
        except HongyanError as error:
            one.error = error
        finally:
            one.shown.set()

    def authorisation(self, call: Call) -> Json:
        """Answer MailAccount/authorisation: how it stands."""
        name = call.take("authorisation", text)
        call.end()
        one = self._known(name)
        if one.error is not None:
            return {"status": "failed", "error": trouble(one.error)}
        return {"status": "done" if one.done else "waiting", "error": None}

    def peek(self, name: str) -> SignIn:
        """Return a sign-in that is done. Raises `NotFound`."""
        one = self._known(name)
        if one.done is None:
            raise NotFound("the sign-in is not done yet")
        return one.done

    def take(self, name: str) -> SignIn:
        """Return a sign-in that is done, and forget it. Raises `NotFound`."""
        done = self.peek(name)
        with self._lock:
            self._under_way.pop(name, None)
        return done

    def _known(self, name: str) -> _UnderWay:
        with self._lock:
            one = self._under_way.get(name)
        if one is None:
            raise NotFound("there is no such sign-in under way")
        return one
