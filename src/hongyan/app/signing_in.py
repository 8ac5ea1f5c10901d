"""Signing in by OAuth 2.0: in the browser or by another device, and keeping the sign-in good.

What a provider gave lies in the keychain as one secret for the account: who was asked, by which
client, and the tokens. Refreshing happens under a lock and looks first whether somebody else has
done it, for many providers let a refresh token be used once.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from hongyan import oauth
from hongyan.errors import HongyanError, NotFound, ProtocolError, Refused, StoreError
from hongyan.net.redirect import Redirect
from hongyan.oauth import SignInLapsed
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan.keychain import Keychain
    from hongyan.net.web import Web
    from hongyan.oauth import Client, DeviceGrant, Form, Provider, Tokens

_PATIENCE: Final = 600.0  # seconds that a person may take to sign in


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that was made."""

    provider: Provider
    client: Client
    tokens: Tokens

    def to_json(self) -> str:
        """Return it as the keychain keeps it."""
        return json.dumps(
            {
                "provider": asdict(self.provider),
                "client": asdict(self.client),
                "tokens": self.tokens.to_json(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> SignIn:
        """Read what `to_json` wrote. Raises `StoreError`."""
        try:
            kept: dict[str, Any] = json.loads(text)
            provider = {**kept["provider"], "scopes": tuple(kept["provider"]["scopes"])}
            return cls(
                oauth.Provider(**provider),
                oauth.Client(**kept["client"]),
                oauth.Tokens.from_json(kept["tokens"]),
            )
        except (ValueError, KeyError, TypeError):
            raise StoreError("the sign-in that the keychain holds is damaged") from None


class SigningIn:
    """The sign-ins of a profile; ``clock`` tells the time, aware."""

    def __init__(
        self, open_keychain: Callable[[], Keychain], web: Web, *, clock: Callable[[], datetime]
    ) -> None:
        self._open_keychain = open_keychain
        self._web = web
        self._clock = clock
        self._lock = threading.Lock()

    # -- whom to ask

    def provider(self, name: str) -> Provider:
        """Return a known provider by its name, or one by its issuer's https address.

        Raises `NotFound` for a name that is not known, and what asking the issuer raises.
        """
        known = oauth.load_providers()
        if name in known:
            return known[name]
        if not name.startswith(("https://", "http://")):
            raise NotFound(f"there is no provider {name!r}; {', '.join(known)} are known")
        return self._described(name)

    def _described(self, issuer: str) -> Provider:
        problem: HongyanError = NotFound(f"{issuer} does not describe how to sign in")
        for url in oauth.metadata_urls(issuer):
            try:
                answer = self._web.get(url)
                if answer.status == 200:
                    return oauth.read_metadata(answer.body, issuer, scopes=("offline_access",))
            except ProtocolError as error:
                problem = error
        raise problem

    def client(self, id_: str, secret: str) -> Client:
        """Return the program as the provider knows it."""
        return oauth.Client(id_, secret)

    # -- signing in

    def in_browser(
        self,
        provider: Provider,
        client: Client,
        *,
        address: str,
        show: Callable[[str], None],
        still: Callable[[], bool] = lambda: True,
    ) -> SignIn:
        """Sign in through a page in the browser, which ``show`` opens.

        Raises `TimedOut` when the person does not come back or ``still`` says that nobody waits,
        `Refused`, `Unsafe`, `NetworkError`.
        """
        with Redirect() as redirect:
            begun = oauth.authorisation(provider, client, redirect=redirect.url, address=address)
            show(begun.url)
            code = oauth.redirected_code(begun, redirect.wait(_PATIENCE, still=still))
        answer = self._post(oauth.code_request(provider, client, begun, code))
        return SignIn(provider, client, oauth.read_tokens(answer, now=self._clock()))

    def by_device(
        self,
        provider: Provider,
        client: Client,
        *,
        show: Callable[[DeviceGrant], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> SignIn:
        """Sign in with another device's browser, as ``show`` tells the person.

        Raises `Refused` when the person says no or the code runs out, `NetworkError`.
        """
        grant = oauth.read_device(self._post(oauth.device_request(provider, client)))
        show(grant)
        for _ in range(grant.lasts // grant.interval + 1):
            sleep(grant.interval)
            answer = self._post(oauth.poll_request(provider, client, grant))
            told = oauth.read_poll(answer, grant, now=self._clock())
            if isinstance(told, oauth.Tokens):
                return SignIn(provider, client, told)
            grant = told
        raise Refused("the code was not used in time")

    def _post(self, form: Form) -> bytes:
        """Return the answer; an error in it is read by who reads the rest (RFC 6749 §5.2)."""
        answer = self._web.post(form.url, form.fields)
        if answer.status >= 500:
            raise Refused(f"the sign-in server fails (HTTP {answer.status})", temporary=True)
        return answer.body

    # -- keeping

    def keep(self, entry: str, signed_in: SignIn) -> None:
        """Keep a sign-in under the keychain's ``entry``."""
        self._open_keychain().set(entry, signed_in.to_json())

    def token(self, entry: str) -> str:
        """Return an access token that is good, renewed if need be.

        Raises `NotFound` without a sign-in, `SignInLapsed`, `Refused`, `NetworkError`.
        """
        kept = self._kept(entry)
        return kept.tokens.access if kept.tokens.is_fresh(self._clock()) else self.renew(entry)

    def renew(self, entry: str, *, instead_of: str = "") -> str:
        """Return a new access token, or the one that somebody else has got in the meantime.

        ``instead_of`` is a token that a server refused although it should be good.
        """
        with self._lock:
            kept = self._kept(entry)
            tokens = kept.tokens
            if tokens.is_fresh(self._clock()) and tokens.access != instead_of:
                return tokens.access
            try:
                answer = self._post(oauth.refresh_request(kept.provider, kept.client, tokens))
                renewed = oauth.read_tokens(answer, now=self._clock(), before=tokens)
            except SignInLapsed:
                with suppress(HongyanError):  # another process may have used the refresh token
                    other = self._kept(entry).tokens
                    if other != tokens:
                        return other.access
                raise
            self.keep(entry, SignIn(kept.provider, kept.client, renewed))
            return renewed.access

    def _kept(self, entry: str) -> SignIn:
        text = self._open_keychain().get(entry)
        if text is None:
            raise NotFound(Reason.SIGN_IN_LOST.of())
        return SignIn.from_json(text)
