"""Any place of a mailbox, collapsed or not, against a plain list, through every kind of change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.errors import NotFound
from hongyan.store import Part, Role

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "delete", "move", "read", "join"]),
        st.integers(0, 9),
        st.sampled_from(
            [-200 * 86400, -86400, -86399, -1, 0, 1, 86399, 86400, 64 * 86400, 10**9, 10**9 + 1]
        ),
    ),
    max_size=25,
)


def listed(profile: Any, mailbox: str) -> list[Any]:
    emails = [
        email
        for email in profile.store.messages.list(sorted(profile.found("", limit=1000)))
        if mailbox in email.mailbox_ids
    ]
    return sorted(emails, key=lambda email: (email.received_at, int(email.id[1:])), reverse=True)


def collapsed(emails: list[Any]) -> list[Any]:
    seen: dict[str, Any] = {}
    for email in emails:
        seen.setdefault(email.thread_id, email)
    return list(seen.values())


def take(
    profile: Any, make_letter: Any, archive: Any, mark: str, step: tuple[str, int, int]
) -> None:
    """Take one step; what it does to which message is up to its numbers."""
    kind, at, seconds = step
    messages, ids = profile.store.messages, sorted(profile.found("", limit=1000))
    when = FIRST + timedelta(seconds=seconds)
    names = [f"<{mark.split('-', maxsplit=1)[0]}-{n}@x>" for n in (at, at // 2)]
    if kind == "add" or not ids:
        profile.add(make_letter(mark, References=names[0]), received_at=when)
    elif kind == "join":
        profile.add(make_letter(mark, References=" ".join(names)), received_at=when)
    elif kind == "delete":
        messages.delete(ids[at % len(ids)])
    elif kind == "move":
        messages.move(ids[at % len(ids)], (archive if seconds % 2 else profile.inbox).id)
    else:
        messages.patch_keywords(ids[at % len(ids)], add=["$seen"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_places_are_those_of_a_plain_list(
    profile: Any, make_letter: Any, steps: list[tuple[str, int, int]]
) -> None:
    store, archive = profile.store, profile.store.mailboxes.ensure(profile.account.id, "Old")
    mark = store.changes.state(profile.account.id)
    for number, step in enumerate(steps):
        take(profile, make_letter, archive, f"{mark}-{number}", step)
    for box in (profile.inbox, archive):
        for collapse in (False, True):
            plain = listed(profile, box.id)
            every = [email.id for email in (collapsed(plain) if collapse else plain)]

            def ask(part: Part, box: Any = box, collapse: bool = collapse) -> Any:
                return store.search.query(
                    profile.account.id,
                    filter_={"inMailbox": box.id},
                    collapse_threads=collapse,
                    part=part,
                )

            assert ask(Part(total=True)).total == len(every)
            for place, id_ in enumerate(every):
                assert list(ask(Part(position=place, limit=2)).ids) == every[place : place + 2]
                found = ask(Part(anchor=id_, anchor_offset=-1, limit=1))
                assert found.position == max(0, place - 1)
            assert ask(Part(position=len(every), limit=5)).ids == ()
            assert list(ask(Part(position=-2, limit=5)).ids) == every[-2:]
    assert store.check() == ()
    for id_ in profile.found("", limit=1000):
        store.messages.delete(id_)


# Of three accounts: whose, when (many at the same time), and which of two threads.
LETTERS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([-86400, -1, 0, 0, 1, 86399, 86400, 64 * 86400, 10**9, 10**9 + 1]),
        st.integers(0, 3),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(LETTERS)
def test_inboxes_of_several_accounts_are_one_list(
    profile: Any, make_letter: Any, letters: list[tuple[int, int, int]]
) -> None:
    store = profile.store
    added = [store.accounts.add(f"{n}@example.org", secret="keychain") for n in range(3)]
    inboxes = [store.mailboxes.ensure(each.id, Role.INBOX) for each in added]
    for number, (whose, seconds, thread) in enumerate(letters):
        octets = make_letter(str(number), References=f"<{thread}@x>")
        when = FIRST + timedelta(seconds=seconds)
        store.messages.add(added[whose].id, inboxes[whose].id, octets, received_at=when)
    emails = [each for inbox in inboxes for each in listed(profile, inbox.id)]
    plain = sorted(emails, key=lambda each: (each.received_at, int(each.id[1:])), reverse=True)
    within = [{"inMailbox": each.id} for each in inboxes]
    for collapse in (False, True):
        every = [each.id for each in (collapsed(plain) if collapse else plain)]

        def ask(part: Part, collapse: bool = collapse) -> Any:
            return store.search.query(
                [each.id for each in added],
                filter_={"operator": "OR", "conditions": within},
                collapse_threads=collapse,
                part=part,
            )

        assert ask(Part(total=True)).total == len(every)
        for place, id_ in enumerate(every):
            assert list(ask(Part(position=place, limit=3)).ids) == every[place : place + 3]
            assert ask(Part(anchor=id_, limit=1)).position == place
        assert ask(Part(position=len(every), limit=5)).ids == ()
    for each in added:
        store.accounts.remove(each.id)


def test_the_mailboxes_of_one_account_hold_a_message_once(profile: Any) -> None:
    archive = profile.store.mailboxes.ensure(profile.account.id, "Old")
    message = profile.add("one", also_in=[archive.id])
    within = [{"inMailbox": each.id} for each in (profile.inbox, archive)]
    found = profile.store.search.query(
        profile.account.id,
        filter_={"operator": "OR", "conditions": within},
        part=Part(total=True),
    )
    assert (found.ids, found.total) == ((message,), 1)


def test_an_anchor_that_is_not_there(profile: Any) -> None:
    archive = profile.store.mailboxes.create(profile.account.id, "Old")
    elsewhere = profile.add("one")
    with pytest.raises(NotFound):
        profile.store.search.query(
            profile.account.id, filter_={"inMailbox": archive.id}, part=Part(anchor=elsewhere)
        )
