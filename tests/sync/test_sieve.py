"""Rules as Sieve: what can be said is said, what cannot leaves its rule out and says why."""

from __future__ import annotations

import pytest

from hongyan.errors import NotFound
from hongyan.store.rule import Action, Do, Rule
from hongyan.sync.sieve import export

MOVE = (Action(Do.MOVE, "b7"),)


def path(mailbox_id: str) -> str:
    if mailbox_id != "b7":
        raise NotFound(f"there is no mailbox {mailbox_id}")
    return 'Work/"A"'


def rule(query: str, *actions: Action, **values: object) -> Rule:
    return Rule(name="One\nrule", query=query, actions=actions or MOVE, **values)  # type: ignore[arg-type]  # the test's own


TESTS = {
    "from:ann": 'header :contains ["from"] "ann"',
    'subject:"a \\b"': 'header :contains ["subject"] "a \\\\b"',
    "from:ann to:bo": 'allof (header :contains ["from"] "ann", header :contains ["to"] "bo")',
    "from:ann OR cc:bo": 'anyof (header :contains ["from"] "ann", header :contains ["cc"] "bo")',
    "-from:ann": 'not header :contains ["from"] "ann"',
    "larger:5M": "size :over 5M",
    "smaller:300k": "size :under 300K",
    "in:inbox from:ann": 'allof (true, header :contains ["from"] "ann")',
    "body:发票": 'body :text :contains "发票"',
}


@pytest.mark.parametrize(("query", "test"), TESTS.items())
def test_conditions(query: str, test: str) -> None:
    found = export([rule(query)], path)
    assert found.left == ()
    assert f"if {test} {{\n" in found.script


def test_actions_flags_first_and_what_they_need() -> None:
    actions = (
        *MOVE,
        Action(Do.COPY, "b7"),
        Action(Do.TRASH),
        Action(Do.FORWARD, "a@b.example"),
        Action(Do.MARK, "$flagged"),
        Action(Do.UNMARK, "Work"),
    )
    found = export([rule("from:ann", *actions, stop=True)], path)
    assert found.script == (
        'require ["copy", "fileinto", "imap4flags"];\n\n'
        "# One rule\n"
        'if header :contains ["from"] "ann" {\n'
        '    addflag "\\\\Flagged";\n'
        '    removeflag "Work";\n'
        '    fileinto "Work/\\"A\\"";\n'
        '    fileinto :copy "Work/\\"A\\"";\n'
        '    fileinto "Trash";\n'
        '    redirect :copy "a@b.example";\n'
        "    stop;\n"
        "}\n"
    )
    assert found.needs == {"copy", "fileinto", "imap4flags"}


def test_what_cannot_be_said_leaves_its_rule_out() -> None:
    rules = [
        rule("from:ann", Action(Do.RUN, "beep")),
        rule("is:flagged"),
        rule("from:ann", Action(Do.MOVE, "b9")),
        rule("from:bo"),
        rule("from:ann", is_enabled=False),
    ]
    found = export(rules, path)
    assert [each for each, _ in found.left] == rules[:3]
    assert [str(why) for _, why in found.left] == [
        "a server cannot run beep",
        "Sieve has no word for is:flagged",
        "there is no mailbox b9",
    ]
    assert found.script.count("if ") == 1
    assert found.needs == {"fileinto"}
