"""Authentication-Results: what counts, and what a stranger can make it seem to say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime.authentication import Result, confirms, read


def test_a_field_is_read() -> None:
    """After RFC 8601, appendix B.5."""
    found = read(
        b" Example.com 1 (a (nested) note);\r\n"
        b'\tdkim=pass reason="good; signature" header.i=@mail-router.example.net;\r\n'
        b"\tdkim=fail (bad) reason=x header.d=newyork.example.com; spf/1 = softfail\r\n"
        b"\tsmtp.mailfrom=a@b.example; dmarc=none header.from=b.example"
    )
    assert found.server == "example.com"
    assert found.results == (
        Result("dkim", "pass", "mail-router.example.net"),
        Result("dkim", "fail", "newyork.example.com"),
        Result("spf", "softfail", ""),
        Result("dmarc", "none", "b.example"),
    )


@pytest.mark.parametrize(
    ("said", "confirmed"),
    [
        ("dmarc=pass header.from=bank.example", True),
        ("dmarc=pass; dkim=fail header.d=list.example", True),
        ("dmarc=fail; dkim=pass header.d=bank.example", False),
        ("dkim=pass header.d=bank.example", True),
        ("dkim=pass header.i=@mail.bank.example", True),
        ("dkim=fail header.d=bank.example", False),
        ("dkim=fail header.d=x.example; dkim=pass header.d=bank.example", True),
        ("dkim=pass header.d=evil.example", None),  # signed, but by somebody else
        ("dkim=pass header.d=evilbank.example", None),
        ("dkim=pass", None),
        ("dmarc=none; dkim=pass header.d=evil.example", None),
        ("dkim=none; spf=pass smtp.mailfrom=bank.example", None),
        ("spf=pass smtp.mailfrom=dmarc=pass@evil.example", None),
        ('spf=pass smtp.mailfrom="a; dmarc=pass "@evil.example', None),
        (r'spf=pass smtp.mailfrom="a\"; dmarc=pass "@evil.example', None),
        ('spf=pass smtp.mailfrom="a; dmarc=pass', None),
        ("spf=pass (of x; dmarc=pass header.from=bank.example) smtp.helo=y", None),
        ("spf=pass (a ( b; dmarc=pass", None),
        ('dkim=pass (" ) header.d=bank.example', True),
        ("dkim=pass xheader.d=bank.example", None),
        ("dkim=pass header.b=header.d=bank.example header.d=evil.example", None),
        ("dkim=passed header.d=bank.example", None),
        ("none", None),
        ("", None),
    ],
)
def test_only_the_server_can_confirm(said: str, *, confirmed: bool | None) -> None:
    found = read(f"mx.example.org; {said}".encode())
    assert found.server == "mx.example.org"
    assert confirms(found.results, "Bank.example") is confirmed


@given(st.text(alphabet='ab;=()"\\ .\r\n1dkimpas', max_size=60))
def test_nothing_raises(value: str) -> None:
    found = read(value.encode())
    assert confirms(found.results, "") in {True, False, None}
