"""The choice: a table of offers, lines, credentials and memories."""

from __future__ import annotations

import itertools
import ssl

import pytest
import trustme

from hongyan.errors import InvalidArgument, Unsafe
from hongyan.sasl import (
    LADDER,
    ChannelBinding,
    Credentials,
    Mechanism,
    Service,
    Terms,
    choose,
    choose_under,
    mechanism,
    refuse_less,
)
from hongyan.sasl.choose import PLAINTEXT

BOTH = Credentials("tim", "pw", token="tok")
PASSWORD = Credentials("tim", "pw")
TOKEN = Credentials("tim", token="tok")
NEITHER = Credentials("tim")
BINDING = ChannelBinding("tls-exporter", b"octets")
SERVICE = Service("imap", "mail.example", 993)
ALL = [name for row in LADDER for name in row]
MADE = [name for name in ALL if name != "GSSAPI"]


@pytest.mark.parametrize(
    ("offered", "credentials", "name"),
    [
        ("PLAIN LOGIN", PASSWORD, "PLAIN"),
        ("LOGIN", PASSWORD, "LOGIN"),
        ("login plain cram-md5", PASSWORD, "CRAM-MD5"),
        ("CRAM-MD5 DIGEST-MD5", PASSWORD, "DIGEST-MD5"),
        ("PLAIN SCRAM-SHA-1 SCRAM-SHA-256 DIGEST-MD5", PASSWORD, "SCRAM-SHA-256"),
        ("SCRAM-SHA-512 SCRAM-SHA-1-PLUS", PASSWORD, "SCRAM-SHA-1-PLUS"),
        ("Scram-Sha-512 scram-sha-256", PASSWORD, "SCRAM-SHA-512"),
        ("PLAIN XOAUTH2", PASSWORD, "PLAIN"),
        ("PLAIN XOAUTH2 OAUTHBEARER", TOKEN, "OAUTHBEARER"),
        ("PLAIN XOAUTH2", TOKEN, "XOAUTH2"),
        ("PLAIN XOAUTH2", BOTH, "XOAUTH2"),
        ("EXTERNAL PLAIN", PASSWORD, "PLAIN"),
        ("EXTERNAL PLAIN", NEITHER, "EXTERNAL"),
        ("SKEY X-UNKNOWN PLAIN", PASSWORD, "PLAIN"),
    ],
)
def test_the_strongest(offered: str, credentials: Credentials, name: str) -> None:
    chosen = choose(offered.split(), credentials, secure=True, binding=BINDING, service=SERVICE)
    assert chosen.name == name


def test_every_mechanism_beats_all_below_it() -> None:
    order = [name for name in MADE if name != "EXTERNAL"]
    for at in range(len(order)):
        best = choose(order[at:], BOTH, secure=True, binding=BINDING, service=SERVICE)
        assert best.name == order[at]


@pytest.mark.parametrize("name", MADE)
def test_by_name(name: str) -> None:
    made: Mechanism = mechanism(name.lower(), BOTH, binding=BINDING, service=SERVICE)
    assert made.name == name
    assert made.plaintext is (name in PLAINTEXT)
    assert isinstance(made.secrets, tuple)


def test_names_that_cannot_be_made() -> None:
    with pytest.raises(InvalidArgument, match="SKEY is not known"):
        mechanism("skey", BOTH)
    with pytest.raises(InvalidArgument, match="service"):
        mechanism("DIGEST-MD5", BOTH)
    with pytest.raises(InvalidArgument, match="binding"):
        mechanism("SCRAM-SHA-1-PLUS", BOTH)
    with pytest.raises(InvalidArgument, match="not known"):
        mechanism("PLAIN-PLUS", BOTH, binding=BINDING)


@pytest.mark.parametrize("name", sorted(PLAINTEXT))
def test_no_secret_on_an_open_line(name: str) -> None:
    with pytest.raises(Unsafe, match=f"only {name}, which would show"):
        choose([name], BOTH, secure=False)
    assert choose([name], BOTH, secure=False, allow_plaintext=True).name == name


def test_an_open_line_takes_what_shows_no_secret() -> None:
    assert choose(["PLAIN", "CRAM-MD5"], BOTH, secure=False).name == "CRAM-MD5"


@pytest.mark.parametrize(
    ("offered", "credentials", "reason"),
    [
        ("", PASSWORD, "offers no way"),
        ("SKEY KERBEROS_V4", PASSWORD, r"only KERBEROS_V4, SKEY, and none .* with a password"),
        ("PLAIN", TOKEN, "with a token"),
        ("XOAUTH2", PASSWORD, "with a password"),
        ("PLAIN", NEITHER, "with no password and no token"),
        ("SCRAM-SHA-1-PLUS", PASSWORD, "with a password"),
        ("DIGEST-MD5", PASSWORD, "with a password"),
        ("\x1b[2J\r\nX", PASSWORD, r"only \[2J X,"),
    ],
)
def test_nothing_usable(offered: str, credentials: Credentials, reason: str) -> None:
    with pytest.raises(Unsafe, match=reason):
        choose(offered.split(" ") if offered else [], credentials, secure=True)


def test_a_long_offer_makes_a_short_reason() -> None:
    with pytest.raises(Unsafe) as caught:
        choose([f"X{number}" for number in range(100_000)], PASSWORD, secure=True)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(("before", "now"), [*itertools.product(range(len(LADDER)), repeat=2)])
def test_a_step_down_is_refused(before: int, now: int) -> None:
    for old, new in itertools.product(LADDER[before], LADDER[now]):
        if {"EXTERNAL", "GSSAPI"} & {old, new}:
            continue
        call = {"secure": True, "remembered": [old.lower()], "binding": BINDING, "service": SERVICE}
        if before < now:
            with pytest.raises(Unsafe, match=f"used to offer {old} .* than {new}"):
                choose([new], BOTH, **call)  # type: ignore[arg-type]  # the table's values
        else:
            assert choose([new], BOTH, **call).name == new  # type: ignore[arg-type]  # as above


def test_a_memory_that_would_not_have_been_used_is_no_step_down() -> None:
    assert choose(["PLAIN"], PASSWORD, secure=True, remembered=["XOAUTH2", "EXTERNAL"])
    assert choose(["SCRAM-SHA-1"], PASSWORD, secure=True, remembered=["SCRAM-SHA-1-PLUS"])
    assert choose(["XOAUTH2"], TOKEN, secure=True, remembered=["SCRAM-SHA-256", "PLAIN"])


@pytest.fixture(scope="module")
def certificate() -> bytes:
    pem = trustme.CA().issue_cert("mail.example").cert_chain_pems[0].bytes()
    return ssl.PEM_cert_to_DER_cert(pem.decode())


def test_a_lost_binding_is_a_step_down(certificate: bytes) -> None:
    terms = Terms(disclose=True, certificate=certificate, remembered=("SCRAM-SHA-1-PLUS",))
    assert choose_under(terms, ["SCRAM-SHA-1-PLUS"], PASSWORD).name == "SCRAM-SHA-1-PLUS"
    with pytest.raises(Unsafe, match="used to offer SCRAM-SHA-1-PLUS"):
        choose_under(terms, ["SCRAM-SHA-512", "SCRAM-SHA-1"], PASSWORD)


def test_a_login_beside_sasl_is_no_way_around(certificate: bytes) -> None:
    for before in ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "CRAM-MD5"):
        terms = Terms(disclose=True, certificate=certificate, remembered=(before,))
        with pytest.raises(Unsafe, match=f"used to offer {before} and now .* than PLAIN"):
            refuse_less(terms, PASSWORD)
    refuse_less(Terms(disclose=True, remembered=("PLAIN", "LOGIN", "XOAUTH2")), PASSWORD)


def start(offered: list[str], binding: ChannelBinding | None) -> bytes:
    return choose(offered, PASSWORD, secure=True, binding=binding).start() or b""


def test_the_flag_that_unmasks_a_removed_offer() -> None:
    assert start(["SCRAM-SHA-256"], None).startswith(b"n,,")
    assert start(["SCRAM-SHA-256"], BINDING).startswith(b"y,,")
    assert start(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], BINDING).startswith(b"p=tls-exporter,,")
    assert start(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], None).startswith(b"n,,")
    assert start(["SCRAM-SHA-256", "SCRAM-SHA3-512-PLUS"], BINDING).startswith(b"n,,")


def test_gssapi_only_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Unsafe, match="only GSSAPI"):
        choose(["GSSAPI"], NEITHER, secure=True, service=SERVICE)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    with pytest.raises(Unsafe, match="only GSSAPI"):
        choose(["GSSAPI"], PASSWORD, secure=True, service=SERVICE)
    with pytest.raises(Unsafe, match="only GSSAPI"):
        choose(["GSSAPI"], NEITHER, secure=True)
