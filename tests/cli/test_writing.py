"""send, reply, sendmail and outbox: what goes out, what waits, and what is told about it."""

from __future__ import annotations

import time
from email.message import EmailMessage
from pathlib import Path

import click
import pytest

from hongyan import mime
from hongyan.demo import DemoHost
from tests.cli.command import Hongyan
from tests.support.scripted import ScriptedServer

ITEM = {
    "id",
    "accountId",
    "state",
    "sendAt",
    "emailId",
    "sender",
    "messageId",
    "attempts",
    "nextTry",
    "words",
    "recipients",
}


def newest_sent(user: Hongyan) -> mime.Message:
    (found, *_) = user.json("list", "sent", "--limit", "1")
    return mime.parse(user("show", found["id"], "--raw").octets)


def server(rest: str) -> ScriptedServer:
    """An SMTP server in clear that greets and goes on as written; an EOF waits for the dot."""
    greeting = "S: 220 x\\r\\n\nC: EHLO [127.0.0.1]\\r\\n\nS: 250 x\\r\\n\n"
    return ScriptedServer(greeting + rest, after_dot=True)


def letter_for(rcpt: str) -> str:
    """The transcript of one step-by-step transaction up to the reply to RCPT."""
    return f"C: MAIL FROM:<anna@here.example>\\r\\n\nS: 250 ok\\r\\n\nC: RCPT TO:<{rcpt}>\\r\\n\n"


def user_of(tmp_path: Path, port: int) -> Hongyan:
    user = Hongyan(tmp_path / "user")
    user.add_account("anna@here.example", smtp=f"smtp://127.0.0.1:{port}?tls=none")
    return user


# -- send


def test_a_message_goes_out(yan: Hongyan, host: DemoHost, tmp_path: Path) -> None:
    (tmp_path / "发票.txt").write_text("Fünf")
    told = yan.ok(
        "send", "--to", "小雁 <xiaoyan@goose.example>, b@den.example", "--cc", "c@den.example",
        "--bcc", "hidden@den.example", "--subject", "你好", "--attach", str(tmp_path / "发票.txt"),
        "--body", "-", stdin="Grüße\n.\n",
    )  # fmt: skip
    assert told.startswith(
        "o1 sent: xiaoyan@goose.example, b@den.example, c@den.example, hidden@den.example (250 2.0.0"
    )
    sent = newest_sent(yan)
    assert sent.subject == "你好"
    assert sent.text.strip() == "Grüße\n."
    assert [part.filename for part in sent.attachments] == ["发票.txt"]
    assert b"hidden" not in yan("show", yan.json("list", "sent")[0]["id"], "--raw").octets


def test_the_text_may_be_a_file_or_a_pipe(yan: Hongyan, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    yan.ok("send", "--to", "a@den.example", "--body", str(tmp_path / "text"))
    assert newest_sent(yan).text.strip() == "one\ntwo"
    yan.ok("send", "--to", "a@den.example", stdin="three")
    assert newest_sent(yan).text.strip() == "three"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "no address"], "to: "),
        (["--to", "a@b.example\r\nRCPT TO:<c@d.example>"], "to: "),
        (
            ["--to", "a@b.example", "--subject", "x\r\nBcc: y@z.example"],
            "Subject: contains the control",
        ),
        (["--to", "a@b.example", "--subject", "x\0"], "Subject: contains the control"),
        (["--to", "a@b.example", "--attach", "/nowhere/file"], "does not exist"),
        (["--to", "a@b.example", "--attach", "/"], "is a directory"),
        (
            ["--to", "a@b.example", "--at", "tomorrow"],
            "'tomorrow' is no time such as '2026-12-24 18:00'",
        ),
        (["--to", "a@b.example", "--at", "2001-02-03"], "'2001-02-03' is over"),
        (["--to", "a@b.example", "--body", "/nowhere/file"], "No such file"),
        (["--cc", ""], "recipient"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is_queued(
    anna: Hongyan, words: list[str], told: str
) -> None:
    body = [] if "--body" in words else ["--body", "-"]
    assert told in anna.fails(64, "send", *words, *body)
    assert anna.json("outbox", "list") == []


def test_a_body_that_is_no_text(anna: Hongyan) -> None:
    line = anna.fails(64, "send", "--to", "a@b.example", "--body", "-", stdin=b"\xff\xfe\x00")
    assert "body: is not text in UTF-8; a file goes with --attach" in line


def test_nobody_to_send_from(anna: Hongyan, nobody: Hongyan) -> None:
    assert "'b@x.example'" in anna.fails(65, "send", "--from", "b@x.example", "--to", "a@b.example")
    assert "there is no account yet" in nobody.fails(65, "send", "--to", "a@b.example")
    nobody.add_account("p@here.example", pop3="pop3://127.0.0.1:1?tls=none")
    assert "has no SMTP server" in nobody.fails(65, "send", "--to", "a@b.example", stdin="x")


def test_a_server_that_is_away_leaves_it_in_the_outbox(anna: Hongyan) -> None:
    line = anna.fails(69, "send", "--to", "a@b.example", stdin="x")
    assert line.startswith("hongyan: o1 waits in the outbox; 'hongyan sync' sends it. 127.0.0.1")
    (item,) = anna.json("outbox", "list")
    assert item.keys() == ITEM
    assert item["state"] == "deferred"
    assert item["recipients"][0]["email"] == "a@b.example"


class Editor:
    """An editor in place of the person's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
        self.given: str | None = None
        self.text = text
        monkeypatch.setattr(click, "edit", self)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)

    def __call__(self, template: str, extension: str) -> str | None:
        self.given = template
        return self.text


def typed(user: Hongyan, text: str | None, *words: str) -> tuple[int, str, Editor]:
    """Run a command with a person at a terminal whose editor gives ``text``."""
    from click.testing import CliRunner

    from hongyan.cli.main import run

    with pytest.MonkeyPatch.context() as patch, CliRunner().isolation(env={"HONGYAN_HOME": str(user.home)}) as (_, err, _):  # fmt: skip
        editor = Editor(patch, text)
        code = run(list(words))
        return code, err.getvalue().decode(), editor


def test_the_editor_writes_it(yan: Hongyan) -> None:
    code, _, editor = typed(yan, "from the editor\n", "send", "--to", "a@den.example")
    assert (code, editor.given) == (0, "")
    assert newest_sent(yan).text.strip() == "from the editor"


def test_an_editor_that_saves_nothing_sends_nothing(yan: Hongyan) -> None:
    code, told, _ = typed(yan, None, "send", "--to", "a@den.example")
    assert (code, told) == (130, "hongyan: the editor saved no text, so nothing is sent.\n")
    assert yan.json("outbox", "list") == []


def test_mistakes_are_told_before_the_editor_opens(yan: Hongyan) -> None:
    for words in (["--subject", "x\ny"], ["--to", "nobody"], ["--bcc", "b@\x1b.example"]):
        code, _, editor = typed(yan, "long letter", "send", "--to", "a@den.example", *words)
        assert (code, editor.given) == (64, None)


def test_what_was_written_is_kept_when_it_cannot_be_queued(
    yan: Hongyan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    code, told, _ = typed(yan, "a long letter\ud800", "send", "--to", "a@den.example")
    assert code == 64
    (kept,) = tmp_path.glob("hongyan-*.txt")
    assert f"the text is kept in {kept}" in told
    assert "a long letter" in kept.read_text("utf-8", "replace")


# -- reply


def test_a_reply_quotes_and_threads(yan: Hongyan) -> None:
    (asked,) = yan.json("search", 'subject:"Lift to rehearsal" from:rosa', "--limit", "1")
    yan.ok("reply", asked["id"], "--body", "-", stdin="Yes.\n")
    sent = newest_sent(yan)
    assert sent.subject == "Re: Lift to rehearsal?"
    assert sent.in_reply_to == tuple(asked["messageId"])
    text = sent.text
    assert text.startswith("Yes.\n\n")
    assert "\n> " in text
    (again,) = [each for each in yan.json("list", "--limit", "99") if each["id"] == asked["id"]]
    assert again["keywords"] == {"$answered": True, "$seen": True}


def test_in_the_editor_a_reply_is_what_the_person_leaves(yan: Hongyan) -> None:
    (asked,) = yan.json("search", 'subject:"Lift to rehearsal" from:rosa', "--limit", "1")
    _, _, editor = typed(yan, "only this", "reply", asked["id"])
    assert editor.given
    assert "\n> " in editor.given
    assert newest_sent(yan).text.strip() == "only this"


# -- sendmail


def test_sendmail_is_silent_when_all_is_well(yan: Hongyan) -> None:
    message = "To: a@den.example\nBcc: h@den.example\nSubject: cron\n\nhello\n.\nmore\n"
    result = yan("sendmail", "-t", "-i", "-oi", stdin=message)
    assert (result.code, result.out, result.err) == (0, "", "")
    (item,) = yan.json("outbox", "list")
    assert [each["email"] for each in item["recipients"]] == ["a@den.example", "h@den.example"]
    sent = newest_sent(yan)
    assert sent.text == "hello\n.\nmore\n"
    assert sent.header("Bcc") is None
    assert sent.from_[0].email == "yan@goose.example"


def test_sendmail_tells_when_asked(yan: Hongyan) -> None:
    result = yan("sendmail", "-v", "a@den.example", stdin="Subject: x\n\nx\n")
    assert result.err.startswith("o1 sent: a@den.example (250")


@pytest.mark.parametrize(
    ("words", "sender"),
    [([], "yan@goose.example"), (["-f", "bounces@goose.example"], "bounces@goose.example"),
     (["-f", ""], ""), (["-f", "<>"], ""), (["-r", "<r@goose.example>"], "r@goose.example")],
)  # fmt: skip
def test_the_envelope_sender(yan: Hongyan, words: list[str], sender: str) -> None:
    yan.ok("sendmail", *words, "a@den.example", stdin="Subject: x\n\nx\n")
    assert yan.json("outbox", "list")[0]["sender"] == sender


@pytest.mark.parametrize(
    ("words", "message", "told"),
    [
        (["-t"], "Subject: x\n\nx\n", "recipients: there is none"),
        (["-t"], "", "message: is empty"),
        (["-t"], "To: a@@b\n\nx\n", "recipient: "),
        (["a@b.example>\r\nRCPT TO:<c@d.example"], "Subject: x\n\nx\n", "recipient: "),
        (["a@b.example SIZE=1"], "Subject: x\n\nx\n", "recipient: "),
        (["-f", "a\r\nb@c.example", "a@b.example"], "Subject: x\n\nx\n", "sender: "),
        (["-bs"], "", "'-b'"),
        (["-bp"], "", "'-b'"),
        (["--bogus"], "", "no such option"),
    ],
)
def test_sendmail_refuses(anna: Hongyan, words: list[str], message: str, told: str) -> None:
    assert told in anna.fails(64, "sendmail", *words, stdin=message)
    assert anna.json("outbox", "list") == []


def test_sendmail_says_75_for_what_waits(anna: Hongyan) -> None:
    line = anna.fails(75, "sendmail", "a@b.example", stdin="Subject: x\n\nx\n")
    assert line.startswith("hongyan: o1 waits in the outbox. ")


def test_sendmail_takes_the_account_of_the_sender(anna: Hongyan) -> None:
    anna.add_account("second@here.example", smtp="smtp://127.0.0.1:1?tls=none")
    anna.fails(
        75, "sendmail", "-f", "SECOND@here.example", "a@b.example", stdin="Subject: x\n\nx\n"
    )
    message = "From: Anna <anna@here.example>\n\nx\n"
    anna.fails(75, "sendmail", "a@b.example", stdin=message)
    assert [each["accountId"] for each in anna.json("outbox", "list")] == ["a2", "a1"]
    told = anna.fails(64, "sendmail", "-f", "other@here.example", "a@b.example", stdin="\n\nx")
    assert "there are several; say which" in told


# -- outcomes and the outbox


def test_a_refusal_is_told_in_the_servers_words(tmp_path: Path) -> None:
    with server(letter_for("a@b.example") + "S: 550 5.1.1 nobody \\x1b[31mhere\\r\\n\nC: QUIT\\r\\n\nS: 221 bye\\r\\n") as smtp:  # fmt: skip
        user = user_of(tmp_path, smtp.port)
        result = user("send", "--to", "a@b.example", stdin="x")
    assert smtp.errors == []
    assert result.code == 77
    assert result.out == (
        "o1 refused: a@b.example (550 5.1.1 nobody [31mhere)"
        " - 'hongyan outbox retry' tries again, 'cancel' gives up\n"
    )


def test_a_line_lost_after_the_dot_is_uncertain_and_asked_about(tmp_path: Path) -> None:
    rest = letter_for("a@b.example") + "S: 250 ok\\r\\n\nC: DATA\\r\\n\nS: 354 go\\r\\n\n"
    with server(rest + "* EOF") as smtp:
        user = user_of(tmp_path, smtp.port)
        result = user("send", "--to", "a@b.example", stdin="x")
    assert result.code == 75
    assert result.out.startswith("o1 uncertain: a@b.example")
    assert "it may have arrived" in result.out
    assert user.ok("sync") == "", "it is not sent again by itself"
    refused = user("outbox", "retry", "o1", stdin="n\n")
    assert refused.code == 130
    assert "may have been delivered already" in refused.err
    assert user.json("outbox", "list")[0]["state"] == "uncertain"


def test_retry_and_cancel(anna: Hongyan) -> None:
    anna.fails(69, "send", "--to", "a@b.example", stdin="x")
    assert anna.fails(69, "outbox", "retry", "o1").startswith("hongyan: o1 waits in the outbox")
    assert anna.ok("outbox", "cancel", "o1") == "o1 is cancelled.\n"
    assert anna.json("outbox", "list")[0]["state"] == "cancelled"
    assert anna.ok("sync") == ""
    for command in ("retry", "cancel"):
        assert anna.fails(65, "outbox", command, "o9").endswith(
            "there is no outbox item 'o9'. 'hongyan outbox list' shows what there is."
        )


def test_what_is_sent_stays_sent(yan: Hongyan) -> None:
    yan.ok("send", "--to", "a@den.example", stdin="x")
    for command in ("retry", "cancel"):
        assert yan.fails(77, "outbox", command, "o1") == (
            "hongyan: o1 has been sent already. Nothing was sent or changed."
        )


def test_an_answer_comes_by_sync(yan: Hongyan) -> None:
    yan.ok("send", "--to", "linnet@anywhere.example", "--subject", "Sync me", stdin="Hello?")
    end = time.monotonic() + 8
    while not yan.json("search", 'subject:"Re: Sync me"') and time.monotonic() < end:
        yan.ok("sync")
    assert yan.json("search", 'subject:"Re: Sync me"')


# -- forwarding


def test_a_message_is_sent_on_with_its_files(yan: Hongyan, tmp_path: Path) -> None:
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "rosa@den.example", "发票"
    letter.set_content("Here it is.\n")
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="发票.pdf")
    (asked,) = yan.receive(bytes(letter))
    (tmp_path / "more.txt").write_text("more")
    out = yan.ok(
        *("forward", asked, "--to", "nils@den.example", "--bcc", "h@den.example"),
        *("--body", "-", "--attach", str(tmp_path / "more.txt")),
        stdin="Look.\n",
    )
    assert out.startswith("o1 sent: nils@den.example, h@den.example (250")
    sent = newest_sent(yan)
    assert sent.subject == "Fwd: 发票"
    assert sent.text.startswith("Look.\n\n---------- Forwarded message ----------\n")
    assert "Here it is." in sent.text
    assert [each.filename for each in sent.attachments] == ["发票.pdf", "more.txt"]
    assert b"".join(sent.attachments[0].chunks()) == b"%PDF"
    with yan.app() as app:
        assert "$forwarded" in app.store.messages.get(asked).keywords


def test_a_message_is_sent_on_to_somebody(yan: Hongyan) -> None:
    assert "say who it is for: --to ADDRESS" in yan.fails(64, "forward", "m1", stdin="x")
    assert "there is no message 'm999'" in yan.fails(65, "forward", "m999", "--to", "a@b.example")
