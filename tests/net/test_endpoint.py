"""Addresses of servers: what each form means, and what is refused."""

from __future__ import annotations

import pytest

from hongyan.errors import InvalidArgument
from hongyan.net.endpoint import Endpoint, Security

PIN = "ab" * 32


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("pop3s://mail.example.org", Endpoint("pop3", "mail.example.org", 995, Security.IMPLICIT)),
        ("pop3://mail.example.org", Endpoint("pop3", "mail.example.org", 110, Security.STARTTLS)),
        (
            "POP3S://Mail.Example.org:1995/",
            Endpoint("pop3", "mail.example.org", 1995, Security.IMPLICIT),
        ),
        ("smtps://h", Endpoint("smtp", "h", 465, Security.IMPLICIT)),
        ("smtp://h", Endpoint("smtp", "h", 587, Security.STARTTLS)),
        ("smtp://h?tls=none", Endpoint("smtp", "h", 587, Security.NONE)),
        (
            "imaps://imap.faß.example",
            Endpoint("imap", "imap.xn--fa-hia.example", 993, Security.IMPLICIT),
        ),
        ("imaps://例子.example", Endpoint("imap", "xn--fsqu00a.example", 993, Security.IMPLICIT)),
        ("imaps://[::1]:9", Endpoint("imap", "::1", 9, Security.IMPLICIT)),
        (f"imap://h?pin={PIN.upper()}", Endpoint("imap", "h", 143, Security.STARTTLS, PIN)),
    ],
)
def test_forms(url: str, expected: Endpoint) -> None:
    endpoint = Endpoint.parse(url)
    assert endpoint == expected
    assert Endpoint.parse(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org", "http://h", "pop3://", "pop3s://h?tls=none", "pop3://h?tls=maybe",
        "pop3://anna:secret@h", "pop3://h:99999", "pop3://h:x", "pop3://h/inbox", "pop3://h?verify=no",
        "pop3s://h?pin=12", "pop3://h\r\nQUIT", "pop3://[::1", "", "imaps://a☺.example", "imaps://é..example",
    ],
)  # fmt: skip
def test_refused(url: str) -> None:
    with pytest.raises(InvalidArgument):
        Endpoint.parse(url)


@pytest.mark.parametrize("password", ["hunter2", "hunter2#x", "hunter2/x", "hunter2?x", "[hunter2"])
def test_a_password_in_a_url_is_not_repeated(password: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        Endpoint.parse(f"pop3://anna:{password}@h")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("[::1]", True),
        ("localhost", True),
        ("192.168.1.2", False),
        ("imap.goose.example", False),
        ("localhost.goose.example", False),
    ],
)
def test_what_is_on_this_machine(host: str, here: bool) -> None:
    assert Endpoint.parse(f"imaps://{host}").on_this_machine is here
