"""HTML: what is safe to show, what it says, and that no markup is slow."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from hongyan.mime import parse
from hongyan.mime.html import Policy, sanitise, to_text
from hongyan.mime.markup import COPY_LIMIT, DEPTH_LIMIT, tame

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
WRAPPED = re.compile(r'(?:<style>.*?</style>)?<div class="mail"[^>]*>(.*)</div>', re.DOTALL)
ACTIVE = (
    *("script", "iframe", "object", "embed", "form", "input", "button", "meta", "link", "base"),
    *("svg", "math", "video", "audio", "source", "frame", "applet", "template", "noscript"),
)


def inner(safe: str) -> str:
    found = WRAPPED.fullmatch(safe)
    assert found, safe
    return found[1]


def unordered(safe: str) -> str:
    """Return the content without what every link gets, in an order that may differ."""
    return re.sub(
        r' (?:rel="noopener noreferrer nofollow"|target="_blank")', "", inner(safe)
    ).strip()


def assert_harmless(safe: str) -> None:
    """Nothing in ``safe`` runs, is sent, or loads; links are the only addresses left."""
    document = LexborHTMLParser(safe)
    for tag in ACTIVE:
        assert not document.css(tag), tag
    for node in document.css("*"):
        for name, value in node.attributes.items():
            lowered = (value or "").lower()
            assert not name.startswith("on")
            assert name not in {"srcset", "poster", "action", "formaction", "ping", "xlink:href"}
            if name in {"src", "background"}:
                assert lowered.startswith("data:image/"), lowered
            if name == "href":
                assert lowered.startswith(("http:", "https:", "mailto:", "tel:", "sms:"))
            if name == "style":
                assert "url(" not in lowered
                assert "\\" not in lowered
    for style in document.css("style"):
        text = style.text().lower()
        assert "url(" not in text
        assert "@import" not in text
        assert "@font-face" not in text
    again = sanitise(inner(safe))
    assert unordered(again) == unordered(safe), "sanitising twice changes nothing"


VECTORS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="java\tscript:alert(1)">x</a>',
    "<style>@import 'http://leak.invalid';</style>",
    "<p style='background:u\\72l(http://leak.invalid)'>x</p>",
    "<p style='background:image-set(\"http://leak.invalid\" 1x)'>x</p>",
    "<p style='--x:url(http://leak.invalid);background:var(--x)'>x</p>",
    "<p style='position:fixed;top:0'>x</p>",
    "<style>p{color:red}</style ><img src=http://leak.invalid>",
    '<style>p{content:"</style><img src=http://leak.invalid>"}</style>',
    "<table background=http://leak.invalid><tr><td background=//leak.invalid>x</table>",
    "<svg><style><img src=http://leak.invalid></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img src=http://leak.invalid>",
    "<noscript><p title='</noscript><img src=http://leak.invalid>'>",
    "<img src='/api/local'><img src='//leak.invalid/x'><img src='data:image/svg+xml;base64,AA=='>",
    "<base href=http://leak.invalid><a href=x ping=http://leak.invalid>x</a>",
    "<form action=http://leak.invalid><input type=image src=http://leak.invalid></form>",
    "<a href='data:text/html,<script>1</script>'>x</a>",
    "<div style='filter:url(http://leak.invalid#x);mask:url(http://leak.invalid)'>x</div>",
    "<p style=\"cursor:url('http://leak.invalid'),auto;list-style:url(http://leak.invalid)\">x</p>",
]


@pytest.mark.parametrize("html", VECTORS)
def test_vectors_end_harmless(html: str) -> None:
    assert_harmless(sanitise(html))
    assert_harmless(sanitise(html, Policy(scope="mail")))


@pytest.mark.parametrize(
    ("selector", "kept"),
    [
        *((f"{one} {mark} p", None) for one in ("html", "body:hover", ".mail") for mark in "~+"),
        *((f"{mark}p", None) for mark in "~+"),
        ("html/**/ody p", None),
        (r".\6d ail~p", None),
        ("body > p", ".mail > p"),
        ("body h1 + p", ".mail h1 + p"),
        ("h1 ~ p", ".mail h1 ~ p"),
        (".mail p~p", ".mail p~p"),
    ],
)
def test_no_selector_reaches_beside_the_mail(selector: str, kept: str | None) -> None:
    safe = sanitise(f"<style>{selector}{{color:red}}</style>x")
    assert safe.startswith("<div" if kept is None else f"<style>{kept}{{color:red}}</style>")


def test_styles_are_scoped_and_kept() -> None:
    safe = sanitise(
        "<style>body{color:#333} .a,p>b{font-weight:bold;behavior:url(x)}"
        "@media (max-width:600px){.a{width:100%}}</style>"
        "<body bgcolor=white><p class=a style='color:red'>x</p>"
    )
    assert ".mail{color:#333}" in safe
    assert ".mail .a,.mail p>b{font-weight:bold}" in safe
    assert "@media (max-width:600px){.mail .a{width:100%}}" in safe
    assert '<p class="a" style="color:red">x</p>' in safe
    assert 'style="background-color:white"' in safe


def test_images_load_only_as_allowed() -> None:
    html = "<img src=cid:a@b><img src=http://x.example/i.png><p style='background:url(cid:a@b)'>"
    assert "x.example" not in sanitise(html)
    policy = Policy(remote_images=True, resolve_cid=lambda cid: f"/blob/{cid}")
    safe = sanitise(html, policy)
    assert '<img src="/blob/a@b">' in safe
    assert '<img src="http://x.example/i.png">' in safe
    assert "url(&quot;/blob/a@b&quot;)" in safe


@pytest.mark.parametrize(
    ("html", "warning"),
    [
        ("<a href=http://evil.example/>www.bank.example</a>", "evil.example"),
        (
            "<a href=https://evil.example/bank.example>https://bank.example/login</a>",
            "evil.example",
        ),
        ("<a href=https://login.bank.example>bank.example</a>", None),
        ("<a href=https://bank.example data-warning=no>read more</a>", None),
        ("<a href=https://bank.example.evil.example><b>bank</b>.example</a>", "bank.example.evil"),
    ],
)
def test_links_that_lie_are_marked(html: str, warning: str | None) -> None:
    safe = sanitise(html)
    assert ("data-warning" in safe) == bool(warning)
    assert f'data-warning="{warning or ""}' in safe or not warning


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p>One</p><p>Two <b>bold</b></p>", "One\n\nTwo bold"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<ul><li>x<li>y</ul>", "* x\n* y"),
        ("<blockquote><p>quoted</p><p>twice</p></blockquote>mine", "> quoted\n>\n> twice\n\nmine"),
        ("<pre>a\n  b\n</pre>", "a\n  b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<title>t</title><style>x</style><script>y</script>z", "z"),
        ("<div style='display:none'>hidden</div>shown<p hidden>no", "shown"),
        ("<img alt='a picture'> &amp; more&nbsp;text", "a picture & more text"),
        ("<div>你好</div><div>世界</div>", "你好\n世界"),
    ],
)
def test_text(html: str, text: str) -> None:
    assert to_text(html) == text


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*VECTORS, "<p>", "</p>", "<b>", "<!--", "-->", "'", '"', "<style>", "x"]),
        max_size=12,
    ).map("".join)
)
def test_any_mixture_is_harmless(html: str) -> None:
    assert_harmless(sanitise(html))
    assert isinstance(to_text(html), str)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 40_000,
        "".join(f"<b x={i}>" for i in range(20_000)),
        "<div " + " ".join(f"a{i}" for i in range(40_000)) + ">",
        "<style><a x='</style><div " + " ".join(f"a{i}=1" for i in range(20_000)) + ">'",
        "<!--" * 40_000,
        "<a " * 40_000,
    ],
    ids=["deep", "formatting", "attributes", "hidden attributes", "comments", "unclosed"],
)
def test_hostile_markup_is_tamed(html: str) -> None:
    tamed = tame(html)
    longest = max(map(len, tamed.split("<")), default=0)
    assert tamed.count("<") <= DEPTH_LIMIT + 2 or tamed.startswith(("<!--", "<a "))
    assert longest < 10_000
    to_text(html)
    assert_harmless(sanitise(html))


COPIED = {
    "formatting": "<p><b a={n}></p>",
    "ends of nothing": "<div></z>",
    "long values": "<p><b a={n} title='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'></p>",
    "closed in a table": "<p><b a={n}><table></b></table></p>",
    "closed in text": "<p><b a={n}><textarea></b></textarea></p>",
    "a table closed in text": "<p><b a={n}><table><textarea></table></textarea></b></table></p>",
    "text ended in a value": "<p><style><a x='</style><b a={n}>'></style></p>",
    "a value that is none": "<p ='><b a={n}>'></p>",
    "a quote in a value": "<p x=='><b a={n}>'></p>",
    "a comment that is over": "<p><!--><b a={n}>--></p>",
    "no comment": "<p><!x <i a='><b a={n}>'></p>",
    "data of a drawing": "<p><svg><![CDATA[<a x=']]><b a={n}>'></svg></p>",
}


@pytest.mark.parametrize("unit", COPIED.values(), ids=COPIED)
@pytest.mark.parametrize("size", [30_000, 100_000])
def test_formatting_is_not_copied_without_bound(unit: str, size: int) -> None:
    """HTML §13.2.4.3: what is not closed begins anew in each paragraph."""
    opened = "".join(unit.replace("{n}", str(n)) for n in range(size // len(unit)))
    html = opened + "<p>x</p>" * (size // 8)
    assert len(sanitise(html)) < 12 * len(html) + COPY_LIMIT // 8
    assert len(to_text(html)) <= len(html)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_leak_vectors_load_nothing() -> None:
    messages = sorted((CORPUS / "leak-vectors").glob("*.eml"))
    for path in messages:
        message = parse(path.read_bytes())
        for part in message.body.html:
            safe = sanitise(part.text())
            assert_harmless(safe)
            values = [node.attributes for node in LexborHTMLParser(safe).css("[src], [style]")]
            assert "leak.invalid" not in str(values), path
    assert len(messages) >= 38


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_sanitiser_vectors_run_nothing() -> None:
    folder = CORPUS / "sanitizer"
    pages = [
        case["html"]
        for case in json.loads(
            (folder / "thunderbird-android-html-sanitizer.json").read_text("utf-8")
        )
        if case["html"]
    ]
    pages += [p.read_text("utf-8").partition("\n--\n")[0] for p in folder.glob("bleach/*.test")]
    for html in pages:
        assert_harmless(sanitise(html))
    assert len(pages) > 40
