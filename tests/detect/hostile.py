"""Messages made to cost much or to hide behind a bound; each is small to send and was slow, or lost, at some time.

`HOSTILE` maps a name to what makes the message. All hold one plain tracking pixel, `PIXEL`, most of them at the end.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from tests.detect.messages import PIXEL

HEAD = "From: Sender <news@sender.example>\r\nTo: Camille <camille@example.org>\r\nSubject: A letter\r\nMIME-Version: 1.0\r\n"
IMAGE = f'<img src="{PIXEL}" width="1" height="1">'


def html(body: str, charset: str = "utf-8", encoding: str = "8bit", head: str = HEAD) -> bytes:
    """A message of one HTML part whose body is encoded already."""
    fields = f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return (head + fields).encode("ascii") + body.encode(charset)


def many(count: int, piece: str) -> str:
    """Numbered copies; `#` stands for the number."""
    return "".join(piece.replace("#", str(number)) for number in range(count))


def images(count: int, attributes: str = "") -> str:
    """Different pictures."""
    return many(count, f'<img {attributes} src="https://cdn.sender.example/p#.gif">')


def sheet(css: str, count: int = 2000, attributes: str = "") -> bytes:
    """Pictures under a style sheet."""
    return html(f"<style>{css}</style>{IMAGE}<div><p class=c1>{images(count, attributes)}")


def long_urls() -> bytes:
    """Two thousand URLs of eight thousand characters that look like base64."""
    value = base64.urlsafe_b64encode(b"someone@example.net " * 400).decode()[:7800]
    return html(IMAGE + many(900, f'<img src="https://t.sender.example/#/{value}">'))


def nested_values() -> bytes:
    """Values inside values, two at each level."""
    value = "x" * 24
    for _ in range(4):
        value = base64.urlsafe_b64encode("/".join([value] * 2).encode()).decode()
    return html(IMAGE + many(900, f'<img src="https://t.sender.example/#/{value}{value}/{value}">'))


def many_recipients() -> bytes:
    """Five thousand addressees and long values."""
    to = many(5000, "p#@example#.org, ")
    value = base64.urlsafe_b64encode(b"someone@example.net " * 400).decode()[:4000]
    head = HEAD.replace("camille@example.org", f"camille@example.org>, {to}<last@example.org")
    return html(IMAGE + many(1000, f'<img src="https://t.sender.example/#/{value}">'), head=head)


def nested_boundaries() -> bytes:
    """Sixty-four multiparts over lines that begin like the boundary of each."""
    fields = ""
    for level in range(60):
        fields += f'Content-Type: multipart/mixed; boundary="{"-" * (65 - level)}"\r\n\r\n--{"-" * (65 - level)}\r\n'
    return (
        HEAD + fields + "Content-Type: text/html\r\n\r\n" + IMAGE + "\r\n" + ("-" * 80 + "x\n") * 40000
    ).encode()


def boundaries(line: str, count: int) -> bytes:
    """One multipart whose preamble is full of lines like its boundary."""
    fields = 'Content-Type: multipart/mixed; boundary="-"\r\n\r\n' + line * count
    return (HEAD + fields + "\r\n---\r\nContent-Type: text/html\r\n\r\n" + IMAGE + "\r\n-----\r\n").encode()


def split_base64() -> bytes:
    """Base64 with one character on each line."""
    text = base64.b64encode((IMAGE + images(4000)).encode()).decode()
    return html("\r\n".join(text), encoding="base64")


def escaped() -> bytes:
    """Quoted-printable in which every character is an escape."""
    text = IMAGE + "a" * 600_000
    return html("".join(f"={ord(c):02X}" for c in text), encoding="quoted-printable")


def conditional_urls() -> bytes:
    """A tag of many attributes, one of which holds many URLs, in a conditional comment."""
    style = "background:url(//cdn.sender.example/x);" * 2000
    return html(
        f'<!--[if mso]><img {many(20000, "a#=1 ")} src="{PIXEL}" width="1" height="1" style="{style}"><![endif]-->'
    )


HOSTILE: dict[str, Callable[[], bytes]] = {
    "references": lambda: html(IMAGE + images(40_000)),
    "long URLs": long_urls,
    "nested values": nested_values,
    "recipients": many_recipients,
    "depth of elements": lambda: html("<div>" * 200_000 + IMAGE),
    "depth of elements with pictures": lambda: html(
        many(3000, '<div><b><img src="//cdn.sender.example/#">') + IMAGE
    ),
    "depth of formatting": lambda: html("<b><i><u>" * 30_000 + "<p>" * 1000 + IMAGE),
    "depth of tables": lambda: html("<table><tr><td>" * 30_000 + IMAGE),
    "depth of svg": lambda: html("<svg>" * 50_000 + f'<image href="{PIXEL}" width=1 height=1>'),
    "rules by element": lambda: sheet(many(5000, "div .c# img{width:#px}")),
    "rules for all": lambda: sheet(many(5000, "*{width:#px;display:block}")),
    "rules for all, deep": lambda: html(
        f"<style>{many(5000, '*{max-width:#px;overflow:visible}')}</style>{IMAGE}"
        + many(400, "<div>" * 100 + '<img src="//cdn.sender.example/#">' + "</div>" * 100)
    ),
    "selectors that look down": lambda: html(
        f"<style>{many(60, 'p:has(x x#) q{width:#px}')}</style>{IMAGE}" + "<p><q></q></p>" * 15_000
    ),
    "hard selectors": lambda: sheet(many(3000, ":not(:nth-child(3n+#)) ~ *:not(.x#){width:#px}")),
    "one rule of many selectors": lambda: sheet(",".join(["p img"] * 100_000) + "{width:1px}"),
    "one rule of many declarations": lambda: sheet("p img{" + "width:1px;" * 50_000 + "}"),
    "sheets": lambda: html(IMAGE + many(20_000, "<style>p img{width:#px}</style>") + "<p>" + images(2000)),
    "classes": lambda: sheet(".a{display:block}", attributes=f'class="{"a " * 100}"'),
    "media conditions": lambda: sheet("@media (max-width:1" + " " * 200_000 + "x){p img{width:0}}"),
    "media queries": lambda: sheet("@media " + "," * 300_000 + "{p img{width:0}}"),
    "nested media": lambda: sheet("@media screen{" * 40_000),
    "media attribute": lambda: html(
        f'<style media="(max-width:1{" " * 200_000}x">p img{{width:0}}</style>{IMAGE}'
    ),
    "comments in css": lambda: sheet("/*" * 200_000),
    "escapes in css": lambda: sheet("a\\61 " * 100_000),
    "backslashes in css": lambda: sheet("\\" * 300_000),
    "open urls in css": lambda: html("<style>" + "url(" * 200_000 + "</style>" + IMAGE),
    "urls in css": lambda: html(IMAGE + "<style>" + 'url("//cdn.sender.example/a") ' * 60_000 + "</style>"),
    "long prelude": lambda: html(
        IMAGE + "<style>" + "x" * 10**6 + "{" + "url(//cdn.sender.example/a) " * 5000 + "</style>"
    ),
    "urls in one style": lambda: html(
        IMAGE + '<i style="' + "background:url(//cdn.sender.example/x);" * 30_000 + '">'
    ),
    "urls in one style, escaped": lambda: html(
        IMAGE + '<i style="&amp;' + "background:url(//cdn.sender.example/x);" * 30_000 + '">'
    ),
    "long styles": lambda: html(IMAGE + images(2000, f'style="{"width:1px;" * 100}"')),
    "candidates": lambda: html(IMAGE + '<img srcset="' + "//cdn.sender.example/x 1x," * 40_000 + '">'),
    "candidates, escaped": lambda: html(
        IMAGE + '<img srcset="' + "//cdn.sender.example/x?a&amp;b 1x," * 30_000 + '">'
    ),
    "listed": lambda: html(IMAGE + '<applet archive="' + "x " * 200_000 + '">'),
    "sources": lambda: html(
        IMAGE + "<picture>" + many(5000, '<source srcset="//cdn.sender.example/#">') + "<img>"
    ),
    "conditional comments": lambda: html(
        "<!--[if mso]><img src=//cdn.sender.example/x\0><![endif]-->" * 3000 + IMAGE
    ),
    "conditional tags": lambda: html(
        IMAGE + "<!--[if mso]>" + "<img src=//cdn.sender.example/x>" * 40_000 + "<![endif]-->"
    ),
    "conditional urls": conditional_urls,
    "comments": lambda: html("<!--\0-->" * 100_000 + IMAGE),
    "attributes": lambda: html(IMAGE + "<img " + many(100_000, "a#=1 ") + "src=//cdn.sender.example/x>"),
    "links": lambda: html(IMAGE + many(40_000, "<a href=https://t.sender.example/c?x=12345#>x</a>")),
    "pictures in one link": lambda: html("<a href=x>" + images(2000) + IMAGE),
    "pictures before the last word": lambda: html(
        IMAGE + many(1900, '<img src="https://t.sender.example/o/4f9d2b7c#">') + "x"
    ),
    "pictures before unfinished comments": lambda: html(
        IMAGE + many(900, '<img src="https://t.sender.example/o/4f9d2b7c#">') + "<!-- >" * 10_000
    ),
    "boundaries in a line": lambda: boundaries("-", 3_000_000),
    "boundaries in lines": lambda: boundaries("---x\n", 600_000),
    "boundaries in boundaries": nested_boundaries,
    "parts": lambda: (
        HEAD
        + "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + f"--b\r\nContent-Type: text/html\r\n\r\n{IMAGE}\r\n" * 20_000
        + "--b--"
    ).encode(),
    "messages in messages": lambda: (
        HEAD + "Content-Type: message/rfc822\r\n\r\n" * 3000 + "x" * 2_000_000
    ).encode(),
    "header fields": lambda: html(IMAGE, head="X-A: b\r\n" * 100_000 + HEAD),
    "encoded words": lambda: html(
        IMAGE, head="X-A: x\r\nSubject: " + "=?utf-8?q?a?= " * 200_000 + "\r\n" + HEAD
    ),
    "folded lines": lambda: html(
        IMAGE, head="Cc: " + "a@b.example,\r\n " * 60_000 + "c@d.example\r\n" + HEAD
    ),
    "parameters": lambda: (
        HEAD + "Content-Type: text/html; " + many(3000, "x*#*=a; ") + "\r\n\r\n" + IMAGE
    ).encode(),
    "one character a line": split_base64,
    "escapes only": escaped,
    "stateful charset": lambda: html("\u3042" * 200_000 + IMAGE, "iso-2022-jp"),
    "two-byte charset": lambda: html("\u4e2d" * 500_000 + IMAGE, "gbk"),
    "mixed line ends": lambda: html("a\r\n\r" * 400_000 + IMAGE),
    "letters and tags": lambda: html("\u00e9<b>" * 150_000 + IMAGE),
    "percent signs": lambda: html(
        IMAGE + images(1) + f'<img src="https://t.sender.example/{"%2525" * 1600}">' * 500
    ),
    "one endless URL": lambda: html(f'{IMAGE}<img src="https://t.sender.example/{"a" * 3_000_000}">'),
}
