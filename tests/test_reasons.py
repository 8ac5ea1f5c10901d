"""Reasons: each sentence is told apart from the others, and gives back what it is about."""

from __future__ import annotations

import os
import string
from errno import ECONNREFUSED, EHOSTUNREACH, ENETUNREACH

import pytest

from hongyan.errors import ConnectFailed, Refused
from hongyan.reasons import Reason

HOST = "imap.example.org"
# What other rooms say themselves: the words of the system, and of its TLS.
SAID = {
    Reason.PORT_REFUSES: (Reason.UNREACHABLE, os.strerror(ECONNREFUSED)),
    Reason.NO_ROUTE: (Reason.UNREACHABLE, os.strerror(EHOSTUNREACH)),
    Reason.NO_NETWORK: (Reason.UNREACHABLE, os.strerror(ENETUNREACH)),
    Reason.PORT_SILENT: (Reason.UNREACHABLE, Reason.NO_ANSWER.of(host=HOST)),
    Reason.UNREACHABLE: (Reason.UNREACHABLE, "it has no address"),
    Reason.CERTIFICATE_UNTRUSTED: (
        Reason.CERTIFICATE_UNTRUSTED,
        "CA cert does not include key usage",
    ),
}


@pytest.mark.parametrize("reason", Reason)
def test_a_sentence_gives_back_its_code_and_what_it_is_about(reason: Reason) -> None:
    names = {name for _, name, _, _ in string.Formatter().parse(reason.value) if name}
    about = {name: f"some-{name}" for name in names}
    assert Reason.read(reason.of(**about)) == {"why": reason.name, **about}


@pytest.mark.parametrize("reason", SAID)
def test_what_a_system_said_is_known(reason: Reason) -> None:
    told, said = SAID[reason]
    found = Reason.read(told.of(host=HOST, port=993, said=said))
    assert (found["why"], found["host"]) == (reason.name, HOST)


def test_what_another_says_is_no_reason_of_ours() -> None:
    for words in ("", "550 5.1.1 no such user", "the server closed the connection, said the fox"):
        assert Reason.read(words) == {}


def test_an_error_tells_its_reason_and_a_refusal_only_the_servers_words() -> None:
    words = Reason.UNREACHABLE.of(host=HOST, port=993, said="Connection refused")
    about = {"why": "PORT_REFUSES", "host": HOST, "port": "993"}
    assert ConnectFailed(words).arguments == {"words": words, **about}
    assert "why" not in Refused(words).arguments
