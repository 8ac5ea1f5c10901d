"""Credentials, bindings and services: what they refuse, and what they never show."""

from __future__ import annotations

import pytest

from hongyan.errors import InvalidArgument
from hongyan.sasl import ChannelBinding, Credentials, Service


def test_no_secret_is_shown() -> None:
    credentials = Credentials("alice", "hunter2", token="ya29.tok", authzid="boss")
    assert repr(credentials) == "Credentials(username='alice', authzid='boss')"
    assert "octets" not in repr(ChannelBinding("tls-exporter", b"octets"))


@pytest.mark.parametrize("field", ["username", "password", "token", "authzid"])
@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\t", "\x7f", "\x85", "\u2028", "\ud800"])
def test_control_characters_are_refused_at_once(field: str, bad: str) -> None:
    values = {"username": "alice", field: f"se{bad}cret"}
    with pytest.raises(InvalidArgument) as caught:
        Credentials(**values)
    assert caught.value.field == field
    assert "cret" not in str(caught.value)


def test_a_password_needs_a_user_and_a_password() -> None:
    assert Credentials("alice", "pw").by_password() == ("alice", "pw")
    for incomplete in (Credentials("", "pw"), Credentials("alice"), Credentials("alice", "")):
        with pytest.raises(InvalidArgument):
            incomplete.by_password()


def test_names_of_bindings_and_services() -> None:
    with pytest.raises(InvalidArgument):
        ChannelBinding("tls unique,", b"")
    with pytest.raises(InvalidArgument):
        Service("imap", "host\r\n")
    with pytest.raises(InvalidArgument):
        Service("im\0ap", "host")
