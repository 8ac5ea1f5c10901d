"""OAuth from end to end: a loopback provider, Dovecot that asks it about tokens, and the program."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from hongyan.app import App, Config, NewAccount, Progress, SignIn
from hongyan.errors import AuthenticationRefused, Refused, TimedOut, Unsafe
from hongyan.mime import builder
from hongyan.oauth import Client, SignInLapsed
from hongyan.store import State
from tests.cli.command import Hongyan
from tests.live.conftest import started
from tests.live.servers import Dovecot, Postfix, User
from tests.support.generate import messages
from tests.support.oauth_provider import CLIENT, OAuthProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.authority import Authority

YAN = User("yan@example.test", "never used")


@pytest.fixture
def provider() -> Iterator[OAuthProvider]:
    with OAuthProvider(YAN.address) as running:
        yield running


@pytest.fixture
def dovecot(authority: Authority, provider: OAuthProvider, trusted: None) -> Iterator[Dovecot]:
    """A Dovecot that takes the provider's tokens."""
    introspection = provider.introspection_url
    for server in started(lambda: Dovecot(authority.issue(), introspection_url=introspection)):
        server.add_user(YAN)
        server.fill(YAN, messages(3, seed=1))
        yield server


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("HONGYAN_PASSPHRASE", "correct horse")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with App(Config(tmp_path / "home")) as profile:
        yield profile


def visit(url: str) -> None:
    """Open a page as a browser does, and follow where it leads once."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=5)
    connection.request("GET", f"{parts.path}?{parts.query}")
    location = connection.getresponse().headers["Location"]
    connection.close()
    back = urlsplit(location)
    connection = HTTPConnection(back.netloc, timeout=5)
    connection.request("GET", f"{back.path}?{back.query}")
    connection.close()


def signed_in(app: App, provider: OAuthProvider) -> SignIn:
    return app.signing_in.in_browser(
        provider.provider, Client(CLIENT), address=YAN.address, show=visit
    )


def add(app: App, provider: OAuthProvider, *, pop3: str) -> str:
    new = NewAccount(address=YAN.address, pop3_url=pop3, sign_in=signed_in(app, provider))
    return app.accounts.add(new).id


def fetched(app: App) -> int:
    collected = app.fetching.fetch(app.accounts.choose(None))
    assert collected is not None
    return collected.messages


def test_sign_in_fetch_expiry_and_fetch_again(
    app: App, provider: OAuthProvider, dovecot: Dovecot
) -> None:
    add(app, provider, pop3=dovecot.pop3_url(tls="implicit"))
    assert fetched(app) == 3
    provider.expire()
    dovecot.fill(YAN, messages(2, seed=2))
    assert fetched(app) == 2, "the token was refused, renewed, and taken"
    assert provider.seen.count("/token") == 2


def test_a_token_that_runs_out_in_the_middle_of_a_sync(
    app: App, provider: OAuthProvider, dovecot: Dovecot, authority: Authority
) -> None:
    """It logs in to fetch; it is refused where the same sync goes on to send, and is renewed."""
    for postfix in started(lambda: Postfix(dovecot, authority.issue())):
        postfix.add_user(YAN)
        new = NewAccount(
            address=YAN.address,
            pop3_url=dovecot.pop3_url(tls="implicit"),
            smtp_url=postfix.smtp_url(),
            sign_in=signed_in(app, provider),
        )
        account = app.accounts.add(new)
        draft = builder.Draft(
            from_=app.sending.identity(account),
            to=builder.parse_recipients(YAN.address, field="to"),
            subject="To myself",
            text="by wing",
        )
        app.sending.queue(account, draft)

        def run_out(progress: Progress) -> None:
            if progress.octets:  # it has logged in
                provider.expire()

        collected = app.fetching.fetch(account, run_out)
        assert collected is not None
        assert provider.seen.count("/token") == 1, "the session that is open goes on"
        (item,) = app.sending.send_due(account)
        assert item.state is State.SENT
        assert provider.seen.count("/token") == 2


def test_a_sign_in_that_was_taken_away_says_so(
    app: App, provider: OAuthProvider, dovecot: Dovecot
) -> None:
    add(app, provider, pop3=dovecot.pop3_url(tls="implicit"))
    provider.revoke()
    with pytest.raises(SignInLapsed, match="the sign-in has lapsed"):
        fetched(app)
    asked = provider.seen.count("/token")
    app.accounts.sign_in_again(app.accounts.choose(None), signed_in(app, provider))
    assert fetched(app) == 3
    assert asked == 2, "one login, one try to renew; nobody hammers"


def test_a_token_of_somebody_else_is_refused(
    app: App, provider: OAuthProvider, dovecot: Dovecot
) -> None:
    provider.user = "someone@example.test"
    add(app, provider, pop3=dovecot.pop3_url(tls="implicit"))
    with pytest.raises(AuthenticationRefused):
        fetched(app)


def test_a_device_without_a_browser(
    tmp_path: Path, provider: OAuthProvider, dovecot: Dovecot
) -> None:
    yan = Hongyan(tmp_path / "yan", {"HONGYAN_PASSPHRASE": "correct horse"})
    told = yan.ok(
        "account", "add", YAN.address, "--imap", dovecot.imap_url(tls="implicit"),
        "--sign-in", provider.issuer, "--client-id", CLIENT, "--device",
    )  # fmt: skip
    assert f"Open {provider.issuer}/go on any device and type GOOSE-7" in told
    assert yan.ok("account", "test").startswith("ok ")
    provider.revoke()
    line = yan("account", "test")
    assert line.code == 77
    assert "hongyan account sign-in" in line.out
    provider.pending = 0
    yan.ok("account", "sign-in", "--at", provider.issuer, "--client-id", CLIENT, "--device")
    assert yan.ok("account", "test").startswith("ok ")
    for file in yan.home.rglob("*"):
        octets = file.read_bytes() if file.is_file() else b""
        assert not any(token.encode() in octets for token in provider.good | provider.refreshers)


def test_the_person_says_no(app: App, provider: OAuthProvider) -> None:
    provider.denied = True
    with pytest.raises(Refused, match="access_denied"):
        signed_in(app, provider)
    provider.pending = 0
    with pytest.raises(Refused, match="access_denied"):
        app.signing_in.by_device(provider.provider, Client(CLIENT), show=lambda _: None)


def test_nobody_comes_back(app: App, provider: OAuthProvider) -> None:
    with pytest.raises(TimedOut):
        app.signing_in.in_browser(
            provider.provider,
            Client(CLIENT),
            address=YAN.address,
            show=lambda _: None,
            still=lambda: False,
        )


def test_a_page_that_guesses_the_way_back(app: App, provider: OAuthProvider) -> None:
    """Another page of the browser cannot plant its own code: it does not know the state."""

    def plant(url: str) -> None:
        redirect = dict(each.split("=") for each in urlsplit(url).query.split("&"))["redirect_uri"]
        back = urlsplit(redirect.replace("%3A", ":").replace("%2F", "/"))
        connection = HTTPConnection(back.netloc, timeout=5)
        connection.request("GET", f"{back.path}?code=planted&state=guessed")
        connection.close()

    with pytest.raises(Unsafe):
        app.signing_in.in_browser(
            provider.provider, Client(CLIENT), address=YAN.address, show=plant
        )


def test_who_does_not_describe_himself(app: App, provider: OAuthProvider) -> None:
    assert app.signing_in.provider(provider.issuer).token_url == f"{provider.issuer}/token"
    with pytest.raises(Refused):
        provider.user = "x"
        app.signing_in.by_device(provider.provider, Client("another"), show=lambda _: None)
