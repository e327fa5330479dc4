"""Hypothesis strategies for URLs, CSS, HTML and MIME: mostly well-formed, with every kind of damage that mail shows.

`urls`, `styles`, `sheets`, `documents` and `messages` give what may be broken; `located` gives sound messages together with
the URLs that stand in them.
"""

from __future__ import annotations

import base64
import binascii
import html
from typing import NamedTuple

from hypothesis import strategies as st

TO = "camille@example.org"
CHARSETS = (
    "us-ascii",
    "utf-8",
    "iso-8859-1",
    "windows-1252",
    "iso-2022-jp",
    "gbk",
    "utf-16",
    "x-unknown",
    "utf-7",
    "x-sjis",
    "unicode",
    "hz-gb-2312",
    "x-user-defined",
)
ENCODINGS = (
    "7bit",
    "8bit",
    "quoted-printable",
    "base64",
    "x-uuencode",
    "",
    "8bits",
    "base64;",
    '"quoted-printable"',
    "(c) base64",
    "yenc",
)
TYPES = ('Content-Type: text/{}; charset="{}"',) * 3 + (
    "Content-Type: text/{} (c); charset={}",
    "Content-Type: text/plain\r\nContent-Type: text/{} charset={}",
    "Content-Type: application/octet-stream; name=a.{}; charset={}",
)
STRAY = (
    b"words",
    b">From x 10:00",
    b"\xff: 1",
    b"X : y",
    b"\xef\xbb\xbfX: y",
    b"\0",
    b"Content-Type : text/html (c)",
)
"""Lines in a header that are no field for the standard library."""
LINE_ENDS = ("\r\n", "\n", "\r")
ELEMENTS = (
    "p",
    "div",
    "table",
    "tr",
    "td",
    "a",
    "b",
    "span",
    "center",
    "picture",
    "svg",
    "style",
    "template",
    "select",
    "title",
)
VOID = (
    '<img src="{}">',
    "<img src='{}' width=1 height=1>",
    "<img src={} style='display:none'>",
    '<img srcset="{} 1x, {} 2x">',
    '<input type=image src="{}">',
    '<link rel="stylesheet" href="{}">',
    '<td background="{}">',
    '<i style="background:url({})">',
    '<i style="background:url(&quot;{}&quot;)">',
    '<video poster="{}">',
    '<image xlink:href="{}">',
    '<source srcset="{}">',
    '<meta http-equiv=refresh content="0;url={}">',
    '<base href="{}">',
    '<!--[if mso]><v:fill src="{}"/><![endif]-->',
    "<!--[if !mso]><!--><img src='{}'><!--<![endif]-->",
    "<!-- <img src='{}'> -->",
    "<style>p{{background:url({})}}</style>",
    "<style>@import '{}';</style>",
    "<textarea><img src='{}'></textarea>",
    "<a href='{}'>link</a>",
    '<img alt=">" src="{}"',
)

_word = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_", min_size=1, max_size=12)
_token = st.one_of(
    _word,
    st.binary(min_size=8, max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")),
    st.binary(min_size=4, max_size=32).map(bytes.hex),
    st.sampled_from([TO, "camille%40example.org", "{{id}}", "[open]", "*|MC:ID|*", "%%x%%", "a@2x.png"]),
    st.just(TO).map(lambda text: base64.b64encode(text.encode()).decode()),
)
_host = st.one_of(
    st.lists(_word.map(str.lower), min_size=1, max_size=4).map(".".join).map(lambda name: f"{name}.example"),
    st.sampled_from(
        [
            "[::1]",
            "127.0.0.1",
            "xn--mnchen-3ya.example",
            "münchen.example",
            "a..b.example",
            "us7.list-manage.com",
            "",
        ]
    ),
)


@st.composite
def urls(draw: st.DrawFn) -> str:
    """A URL as a mail may name one: of the web, relative, of another scheme, damaged."""
    scheme = draw(
        st.sampled_from(
            [
                "https://",
                "https://",
                "http://",
                "HTTP://",
                "//",
                "\\\\",
                "https:/",
                "cid:",
                "data:",
                "ftp://",
                "",
            ]
        )
    )
    path = "/".join(draw(st.lists(_token, max_size=4)))
    query = "&".join(f"{draw(_word)}={value}" for value in draw(st.lists(_token, max_size=3)))
    port = draw(st.sampled_from(["", "", "", ":8080", ":x"]))
    tail = draw(st.sampled_from(["", "", "", "#top", ".gif", " ", "\n", "\t", "é", "\x00", "%zz"]))
    return f"{scheme}{draw(_host)}{port}/{path}{'?' if query else ''}{query}{tail}"


_length = st.builds(
    "{}{}".format,
    st.sampled_from(["0", "1", "2.5", "-9999", ".1", "600", "1e9", "9" * 400, "x"]),
    st.sampled_from(["", "px", "em", "%", "pt", "vw", " px"]),
)
_declaration = st.one_of(
    st.builds(
        "{}:{}".format,
        st.sampled_from(
            ["width", "height", "max-width", "min-height", "left", "opacity", "line-height", "font-size"]
        ),
        _length,
    ),
    st.builds("display:{}".format, st.sampled_from(["none", "block", "none !important", "inline\\9", ""])),
    st.builds("background:url({})".format, urls()),
    st.builds('background-image:url("{}")'.format, urls()),
    st.sampled_from(
        [
            "visibility:hidden",
            "overflow:hidden",
            "position:absolute",
            "clip:rect(0,0,0,0)",
            "/* x */",
            "/*",
            "}",
            "{",
            "\\",
            '"',
            "content:'",
        ]
    ),
    st.text(max_size=12),
)


def styles() -> st.SearchStrategy[str]:
    """A style attribute's value."""
    return st.lists(_declaration, max_size=6).map(";".join)


_selector = st.one_of(
    st.sampled_from(
        [
            "img",
            "*",
            ".a",
            "#i",
            "p img",
            ".a > .b",
            "img[src]",
            "a:hover",
            ":not(.a)",
            "td ~ td",
            "[",
            "img::before",
            "",
        ]
    ),
    st.text(max_size=8),
)
_rule = st.builds("{}{{{}}}".format, st.lists(_selector, min_size=1, max_size=3).map(",".join), styles())


@st.composite
def sheets(draw: st.DrawFn) -> str:
    """A style sheet."""
    pieces = []
    for rule in draw(st.lists(_rule, max_size=5)):
        before = draw(
            st.sampled_from(
                [
                    "",
                    "",
                    "",
                    "@media screen{",
                    "@media (max-width:600px){",
                    "@media print{",
                    "@supports (x:y){",
                    "@font-face",
                    "<!--",
                ]
            )
        )
        pieces.append(before + rule + ("}" if before.endswith("{") and draw(st.booleans()) else ""))
    if draw(st.booleans()):
        pieces.insert(0, f'@import url("{draw(urls())}");')
    return "".join(pieces)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """HTML as mail brings it: nested, unclosed, with what contacts a host in every kind of place."""
    pieces = [
        draw(
            st.sampled_from(
                ["", "<!doctype html>", "<html><body>", "<html xmlns:v='urn:schemas-microsoft-com:vml'>"]
            )
        )
    ]
    opened: list[str] = []
    for _ in range(draw(st.integers(0, 8))):
        what = draw(st.integers(0, 5))
        if what == 0:
            opened.append(draw(st.sampled_from(ELEMENTS)))
            pieces.append(f'<{opened[-1]} class="{draw(_word)}" style="{html.escape(draw(styles()))}">')
        elif what == 1 and opened:
            pieces.append(f"</{opened.pop()}>")
        elif what == 2:
            pieces.append(f"<style>{draw(sheets())}</style>")
        elif what == 3:
            pieces.append(draw(st.text(max_size=20)))
        else:
            url = draw(urls())
            pieces.append(
                draw(st.sampled_from(VOID)).replace("{}", html.escape(url) if draw(st.booleans()) else url)
            )
    return draw(st.sampled_from(LINE_ENDS)).join(pieces)


def encoded(text: str, charset: str, encoding: str) -> bytes:
    """A part's body; what the charset cannot carry becomes a question mark."""
    try:
        data = text.encode(charset, "replace")
    except LookupError:
        data = text.encode("utf-8", "replace")
    if "base64" in encoding:
        return base64.encodebytes(data)
    if "quoted-printable" in encoding:
        return binascii.b2a_qp(data, istext=False)
    return data


_phrase = st.one_of(
    st.text(max_size=20).map(lambda text: text.replace("\r", "").replace("\n", "")),
    st.sampled_from(
        [
            "=?utf-8?q?=C3=A9?=",
            "=?x?b?!?=",
            f"Camille <{TO}>",
            "<b+4f9d2b7c81e6a035@sender.example>",
            "Mon, 16 Nov 2026 10:00:00 +0000",
        ]
    ),
)
_field = st.builds(
    "{}: {}".format,
    st.sampled_from(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "List-Unsubscribe",
            "Disposition-Notification-To",
            "X-Mailer",
            "Received",
        ]
    ),
    _phrase,
)


@st.composite
def parts(draw: st.DrawFn, depth: int = 0) -> bytes:
    """Header fields and body of one part; a multipart holds more of them."""
    end = draw(st.sampled_from(LINE_ENDS[:2])).encode()
    fields = [field.encode("utf-8", "replace") for field in draw(st.lists(_field, max_size=3))]
    kind = draw(
        st.sampled_from(
            ["html", "html", "html", "plain", "multi", "multi", "rfc822", "none"]
            if depth < 3
            else ["html", "plain"]
        )
    )
    charset, encoding = draw(st.sampled_from(CHARSETS)), draw(st.sampled_from(ENCODINGS))
    if kind in ("html", "plain"):
        fields += [
            draw(st.sampled_from(TYPES)).format(kind, charset).encode(),
            f"Content-Transfer-Encoding: {encoding}".encode(),
        ]
        body = encoded(draw(documents()), charset, encoding)
    elif kind == "multi":
        boundary = draw(st.sampled_from(["b", "b1", "-", "=_x", ""])) + "x" * depth
        inside = draw(st.lists(parts(depth + 1), max_size=3))
        fields.append(
            f'Content-Type: multipart/{draw(st.sampled_from(["mixed", "alternative", "signed", "digest"]))}; boundary="{boundary}"{draw(st.sampled_from(["", "", " (c)", "; boundary=b1"]))}'.encode()
        )
        mark = b"--" + boundary.encode()
        body = b"".join(mark + end + part + end for part in inside) + (
            mark + b"--" + end if draw(st.booleans()) else b""
        )
    elif kind == "rfc822":
        fields.append(b"Content-Type: message/rfc822")
        body = bytes(draw(parts(depth + 1)))
    else:
        body = draw(st.binary(max_size=60))
    fields[:0] = draw(st.lists(st.sampled_from(STRAY), max_size=1))
    whole: bytes = end.join([*fields, b"", body])
    return whole


def messages() -> st.SearchStrategy[bytes]:
    """A message, sound or damaged: now and then cut, with bytes put in, or no message at all."""
    return st.one_of(
        parts(),
        parts(),
        st.builds(_damaged, parts(), st.integers(0, 10_000), st.binary(max_size=6)),
        st.binary(max_size=200),
    )


def _damaged(raw: bytes, at: int, what: bytes) -> bytes:
    place = at % (len(raw) + 1)
    return raw[:place] + what + (raw[place + len(what) :] if at % 2 else b"")


class Located(NamedTuple):
    """A sound message and what stands in it."""

    raw: bytes
    values: list[str]
    """The URLs of its references, in the order of the text."""
    encoding: str
    charset: str


_PLACES = (
    '<img src="{}">',
    "<img src='{}'>",
    "<p>text</p><img alt='a b' src=\"{}\" width=1>",
    '<table background="{}"><tr></table>',
    '<video poster="{}"></video>',
    '<img srcset="{} 2x">',
    '<i style="color:red;background:url({}) no-repeat"></i>',
)


@st.composite
def located(draw: st.DrawFn) -> Located:
    """A message of one HTML part, whatever its encoding and charset, with its URLs."""
    charset = draw(
        st.sampled_from(["us-ascii", "utf-8", "iso-8859-1", "windows-1252", "gbk", "shift_jis", "utf-16-le"])
    )
    encoding = draw(
        st.sampled_from(
            ["7bit", "quoted-printable", "base64"]
            if charset == "us-ascii"
            else ["8bit", "quoted-printable", "base64"]
        )
    )
    letters = (
        "abc def"
        if charset == "us-ascii"
        else "abc déf ü"
        if charset not in ("gbk", "shift_jis")
        else "abc 中日"
    )
    end = draw(st.sampled_from(LINE_ENDS))
    values, pieces = [], []
    for number in range(draw(st.integers(1, 5))):
        token = draw(st.text("abcdefXYZ0189&;=+%~_-", max_size=20))
        values.append(f"https://t.sender.example/{number}?d={token}&n=7")
        pieces.append(draw(st.text(letters, max_size=8)))
        pieces.append(draw(st.sampled_from(_PLACES)).format(html.escape(values[-1])))
    body = end.join(pieces)
    head = f"From: a@sender.example\r\nTo: {TO}\r\nContent-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return Located(head.encode() + encoded(body, charset, encoding), values, encoding, charset)
