"""A whole tour with jmapc, a program of its own: ``jmapc_tour.py HOST:PORT TOKEN``."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import jmapc
from jmapc import (
    Client,
    Comparator,
    Email,
    EmailAddress,
    EmailBodyPart,
    EmailBodyValue,
    EmailQueryFilterCondition,
    EmailSubmission,
    MailboxQueryFilterCondition,
    Ref,
)
from jmapc.methods import (
    CoreEcho,
    EmailChanges,
    EmailGet,
    EmailQuery,
    EmailQueryChanges,
    EmailSet,
    EmailSubmissionGet,
    EmailSubmissionSet,
    IdentityGet,
    MailboxChanges,
    MailboxGet,
    MailboxQuery,
    MailboxSet,
    SearchSnippetGet,
    ThreadGet,
)  # fmt: skip


def step(name: str, holds: object) -> None:
    if not holds:
        sys.exit(f"jmapc: {name} failed")
    print("ok", name, flush=True)


def one(client: Any, method: object) -> Any:
    return client.request(method, raise_errors=True, single_response=True)


def main(host: str, token: str) -> None:  # noqa: PLR0915  # a tour has that many steps
    client: Any = Client.create_with_api_token(host=host, api_token=token)
    step("session", client.account_id.startswith("a"))
    step("echo", one(client, CoreEcho(data={"x": [1, 2]})).data == {"x": [1, 2]})

    # list
    boxes = {each.role or each.name: each for each in one(client, MailboxGet(ids=None)).data}
    step("mailboxes", boxes["inbox"].total_emails and boxes["inbox"].total_emails > 10)
    found = one(client, MailboxQuery(filter=MailboxQueryFilterCondition(role="inbox")))
    step("mailbox query", found.ids == [boxes["inbox"].id])
    results = client.request(
        [
            EmailQuery(
                filter=EmailQueryFilterCondition(in_mailbox=boxes["inbox"].id),
                sort=[Comparator(property="receivedAt", is_ascending=False)],
                limit=10,
                collapse_threads=True,
                calculate_total=True,
            ),
            EmailGet(
                ids=Ref("/ids"), properties=["subject", "from", "threadId", "preview", "receivedAt"]
            ),
            ThreadGet(ids=Ref("/list/*/threadId")),
        ],
        raise_errors=True,
    )
    listed, emails, threads = (each.response for each in results)
    step(
        "ten messages by back-reference",
        [each.id for each in emails.data] == listed.ids and len(listed.ids) == 10,
    )
    step("their threads", all(each.email_ids for each in threads.data))

    # read
    whole = one(client, EmailGet(ids=[listed.ids[0]], fetch_all_body_values=True)).data[0]
    step(
        "a body",
        whole.body_values and all(each.value is not None for each in whole.body_values.values()),
    )

    # search
    hits = one(client, EmailQuery(filter=EmailQueryFilterCondition(text="发票")))
    step("two Chinese characters", hits.ids)
    snippets = one(
        client, SearchSnippetGet(ids=hits.ids, filter=EmailQueryFilterCondition(text="发票"))
    )
    step(
        "snippets",
        any("<mark>发票</mark>" in f"{each.subject}{each.preview}" for each in snippets.data),
    )

    # change, and follow
    events = client.events
    heard: list[Any] = []
    listener = threading.Thread(target=lambda: heard.append(next(events)), daemon=True)
    listener.start()
    time.sleep(0.5)
    state = one(client, EmailGet(ids=[])).state
    box_state = one(client, MailboxGet(ids=[])).state
    one(
        client,
        EmailSet(update={listed.ids[1]: {"keywords/$flagged": True, "keywords/$seen": True}}),
    )
    listener.join(5)
    step("pushed", heard and heard[0].data.changed[client.account_id].email != state)
    changes = one(client, EmailChanges(since_state=state))
    step("changes", listed.ids[1] in changes.updated)
    step(
        "mailbox changes",
        boxes["inbox"].id in one(client, MailboxChanges(since_state=box_state)).updated,
    )
    moved = one(
        client,
        EmailQueryChanges(
            filter=EmailQueryFilterCondition(in_mailbox=boxes["inbox"].id),
            since_query_state=listed.query_state,
            collapse_threads=True,
        ),
    )
    step("query changes", listed.ids[1] in {each.id for each in moved.added})
    made = one(client, MailboxSet(create={"k": jmapc.Mailbox(name="From jmapc")}))
    box = made.created["k"].id
    one(client, EmailSet(update={listed.ids[2]: {"mailboxIds": {box: True}}}))
    step(
        "moved",
        one(client, EmailQuery(filter=EmailQueryFilterCondition(in_mailbox=box))).ids
        == [listed.ids[2]],
    )
    one(client, MailboxSet(destroy=[box], on_destroy_remove_emails=True))
    step(
        "gone with its mailbox",
        one(client, EmailGet(ids=[listed.ids[2]])).not_found == [listed.ids[2]],
    )

    # send
    identity = one(client, IdentityGet()).data[0]
    sent = client.request(
        [
            EmailSet(
                create={
                    "draft": Email(
                        mail_from=[EmailAddress(name=identity.name, email=identity.email)],
                        to=[EmailAddress(name="小雁", email="xiaoyan@goose.example")],
                        subject="From jmapc",
                        keywords={"$draft": True},
                        mailbox_ids={boxes["sent"].id: True},
                        body_values={"b": EmailBodyValue(value="你好！Is anybody there?")},
                        text_body=[EmailBodyPart(part_id="b", type="text/plain")],
                    )
                }
            ),
            EmailSubmissionSet(
                create={"out": EmailSubmission(email_id="#draft", identity_id=identity.id)},
                on_success_update_email={"#out": {"keywords/$draft": None, "keywords/$seen": True}},
            ),
        ],
        raise_errors=True,
    )
    submission = sent[1].response.created["out"].id
    step("submitted, and the draft updated", len(sent) == 3)
    for _ in range(100):
        status = one(client, EmailSubmissionGet(ids=[submission])).data[0]
        if status.undo_status.value == "final":
            break
        time.sleep(0.1)
    step("delivered", status.undo_status.value == "final")
    for _ in range(100):
        answers = one(
            client,
            EmailQuery(
                filter=EmailQueryFilterCondition(text="From jmapc", in_mailbox=boxes["inbox"].id)
            ),
        )
        if answers.ids:
            break
        time.sleep(0.1)
    step("answered", answers.ids)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
