"""``hongyan rule``: added, shown, applied, taken back, and as a Sieve script."""

from __future__ import annotations

from tests.cli.command import Hongyan


def test_a_rule_from_beginning_to_end(anna: Hongyan) -> None:
    assert anna.ok("rule", "list") == ""
    anna.receive(b"From: bo@x.org\r\nSubject: one\r\n\r\nhi\r\n", b"From: eve@x.org\r\n\r\nhi\r\n")
    added = anna.ok(
        "rule", "add", "Bo", "from:bo", "--move", "Friends", "--label", "dear", "--flag", "--stop"
    )
    assert "Added r1" in added
    shown = anna.ok("rule", "preview", "r1")
    assert "m1 one: +$flagged, +dear, into Friends, out of Inbox" in shown
    assert "finds 1 messages, and would change 1" in shown
    assert "Changed 1 messages" in anna.ok("rule", "apply", "r1")
    assert [each["subject"] for each in anna.json("list", "Friends")] == ["one"]
    assert "changes of 1 messages" in anna.ok("rule", "undo")
    assert len(anna.json("list")) == 2
    anna.fails(65, "rule", "undo")
    (listed,) = anna.json("rule", "list")
    assert (listed["name"], listed["stop"], listed["isEnabled"]) == ("Bo", True, True)
    assert "move to Friends" in anna.ok("rule", "list")
    anna.ok("rule", "disable", "r1")
    assert "off" in anna.ok("rule", "list")
    anna.ok("rule", "enable", "r1")
    anna.ok("rule", "add", "Beep", "from:eve", "--run", "beep", "--trash", "--read")
    script = anna("rule", "sieve")
    assert 'fileinto "Friends";' in script.out
    assert "left out: Beep: a server cannot run beep" in script.err
    anna.ok("rule", "remove", "r1")
    anna.fails(65, "rule", "preview", "r1")


def test_rules_that_make_no_sense(anna: Hongyan) -> None:
    anna.fails(64, "rule", "add", "Nothing", "from:bo")
    anna.fails(64, "rule", "add", "Broken", "(", "--trash")
    anna.fails(64, "rule", "add", "Who", "from:bo", "--forward", "nobody")
    anna.fails(65, "rule", "install")
