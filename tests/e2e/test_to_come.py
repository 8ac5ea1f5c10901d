"""Letters of which only the header is here: what is here is read, and what comes appears by itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from hongyan.store import New, Role
from tests.e2e.helpers import row
from tests.support.desk import until

if TYPE_CHECKING:
    from tests.support.desk import Desk

FIRST = (
    b"From: Bo <bo@example.org>\r\nTo: you@demo.example\r\nSubject: Two halves\r\n"
    b"Message-ID: <first@example.org>\r\n\r\nHere is the beginning.\r\n"
)
HEADER = (
    b"From: Bo <bo@example.org>\r\nTo: you@demo.example\r\nSubject: Re: Two halves\r\n"
    b"Message-ID: <second@example.org>\r\nIn-Reply-To: <first@example.org>\r\n\r\n"
)
REST = b"And here is the end.\r\n"


def test_what_is_here_of_a_conversation_is_read_while_the_rest_is_fetched(mail: Desk) -> None:
    store = mail.app.store
    (account,) = store.accounts.list()
    inbox = store.mailboxes.find(account.id, Role.INBOX)
    whole = len(HEADER + REST)
    first, second = store.messages.add_all(
        account.id,
        [
            New(FIRST, (inbox.id,), datetime.now(UTC)),
            New(HEADER, (inbox.id,), datetime.now(UTC), header_of=whole),
        ],
    )
    page = mail.open()
    row(page, "Two halves").click()
    articles = page.locator(".reader article")
    expect(articles).to_have_count(2)
    expect(articles.nth(0)).to_contain_text("Here is the beginning.")
    expect(articles.nth(1).get_by_role("status")).to_have_text(re.compile("^Not here yet"))
    until(lambda: "$seen" in store.messages.get(first).keywords)
    assert "$seen" not in store.messages.get(second).keywords, "nobody has read it"
    octets = store.blobs.hold(HEADER + REST)
    store.messages.complete([(second, store.messages.prepare(octets))])
    expect(articles.nth(1)).to_contain_text("And here is the end.")
    expect(page.get_by_text("Not here yet")).to_have_count(0)
    until(lambda: "$seen" in store.messages.get(second).keywords)
