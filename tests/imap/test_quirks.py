"""The table of server defects: each row is recognised, does what it says, and has its dialogue."""

from __future__ import annotations

import pytest

from hongyan.errors import AuthenticationRefused, Refused
from hongyan.imap import QUIRKS, Manners, Quirk, Status, Tagged, Verb
from hongyan.imap.quirks import Server, found, manners
from hongyan.imap.refusal import refusal
from tests.imap.cases import CASES


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_every_row_has_a_dialogue_and_a_source(quirk: Quirk) -> None:
    assert f"imap/{quirk.transcript}" in CASES
    assert quirk.source.startswith(("https://", "tests/live/"))
    assert all((quirk.servers, quirk.defect, quirk.workaround))


def test_names_are_not_used_twice() -> None:
    names = [quirk.name for quirk in QUIRKS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("host", "greeting", "first"),
    [
        ("imap.163.com", "ready", "netease-id"),
        ("IMAP.126.COM", "", "netease-id"),
        ("imap.yeah.net", "", "netease-id"),
        ("mail.example.cn", "Coremail System IMap Server Ready(example[1])", "netease-id"),
        ("imap.qq.com", "", "qq-backslash"),
        ("imap.exmail.qq.com", "", "qq-backslash"),
        ("x", "The Microsoft Exchange IMAP4 service is ready.", "exchange-not-connected"),
        ("imap.mail.me.com", "", "icloud-rfc822"),
        ("x", "Gimap ready for requests from 192.0.2.1", "gmail-labels"),
        ("imap.yandex.ru", "", "yandex-empty-part"),
        ("imap.mail.ru", "", "mail-ru-sizes"),
        ("x", "Courier-IMAP ready. Copyright", "courier-no-uidnext"),
        ("127.0.0.1", "Proton Mail Bridge 03.22.00 - gluon session ID 1", "bridge-uids"),
        ("x", "Dovecot (Debian) ready.", "dovecot-notify"),
    ],
)
def test_a_server_is_recognised(host: str, greeting: str, first: str) -> None:
    assert found(Server(host, greeting))[0].name == first


@pytest.mark.parametrize(
    "host", ["", "example.org", "my163.com", "163.com.example.org", "qq.com.example"]
)
def test_others_are_not_suspected(host: str) -> None:
    assert found(Server(host, "IMAP4rev1 ready")) == ()
    assert manners(Server(host)) == Manners()


def test_rows_come_together() -> None:
    assert manners(Server("imap.163.com")) == Manners(initial_response=False, identify=True)
    bridge = manners(Server("127.0.0.1", "Proton Mail Bridge"))
    assert (bridge.stable_uids, bridge.exact) == (False, False)


@pytest.mark.parametrize("status", [Status.NO, Status.BAD])
@pytest.mark.parametrize("verb", [Verb.SELECT, Verb.STATUS, Verb.LIST])
def test_not_connected_is_no_verdict_on_the_password(status: Status, verb: Verb) -> None:
    words = "User is authenticated but not connected."
    error = refusal(Tagged("A1", status, words, verb=verb))
    assert isinstance(error, Refused)
    assert not isinstance(error, AuthenticationRefused)
    assert error.temporary
