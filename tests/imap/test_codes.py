"""Response codes (RFC 5530 and others): typed where they have their form, as written where not."""

from __future__ import annotations

import pytest

from hongyan.imap import AppendUid, Code, CopyUid, MessageLimit, NumberSet, Progress
from hongyan.imap.codes import split


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ('INPROGRESS ("A1" 175 1000)', "INPROGRESS", Progress("A1", 175, 1000)),
        ('INPROGRESS ("A1" NIL NIL)', "INPROGRESS", Progress("A1")),
        ("INPROGRESS", "INPROGRESS", None),
        ("INPROGRESS (1 2)", "INPROGRESS", "(1 2)"),
        ("MESSAGELIMIT 1000 23221", "MESSAGELIMIT", MessageLimit(1000, 23221)),
        ("MESSAGELIMIT 1000", "MESSAGELIMIT", MessageLimit(1000)),
        ("MESSAGELIMIT many", "MESSAGELIMIT", "many"),
        ("UIDVALIDITY 4294967295", "UIDVALIDITY", 4294967295),
        ("UIDVALIDITY -1", "UIDVALIDITY", "-1"),
        ("HIGHESTMODSEQ 9223372036854775807", "HIGHESTMODSEQ", 9223372036854775807),
        ("NOMODSEQ", "NOMODSEQ", None),
        ("APPENDUID 1 4:5", "APPENDUID", AppendUid(1, NumberSet.of([4, 5]))),
        ("COPYUID 1 3,1:2 7:9", "COPYUID", CopyUid(1, ((3, 7), (1, 8), (2, 9)))),
        ("COPYUID 1 3 7:9", "COPYUID", "1 3 7:9"),
        ("OVERQUOTA", "OVERQUOTA", None),
        ("MAILBOXID (F2212ea87-6097)", "MAILBOXID", "(F2212ea87-6097)"),
        ("BADCHARSET (UTF-8 KOI8-R)", "BADCHARSET", ("UTF-8", "KOI8-R")),
        ("MODIFIED 7,9", "MODIFIED", NumberSet.of([7, 9])),
        ("REFERRAL imap://elsewhere/", "REFERRAL", "imap://elsewhere/"),
        ('BADURL "a]b"', "BADURL", '"a]b"'),
    ],
)
def test_a_code(written: str, name: str, value: object) -> None:
    assert split(f"[{written}] some words".encode()) == ("some words", Code(name, value))  # type: ignore[arg-type]  # any of its types


def test_no_code() -> None:
    assert split(b"some [words] here") == ("some [words] here", None)
    assert split(b"[no end") == ("[no end", None)
