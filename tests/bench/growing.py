"""Messages that grow: one list of a mail made long, so that its cost can be held against its size.

`KINDS` maps a name to what makes the message with so many entries of that list, and how many it begins with. Each
message holds the pixel, so that neutralising has something to take out.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable
from typing import NamedTuple

from tests.detect.hostile import HEAD, IMAGE, html, many
from tests.detect.messages import PIXEL

HOST = "https://t.sender.example"


class Growing(NamedTuple):
    """A message that grows."""

    make: Callable[[int], bytes]
    start: int
    """Entries of the list at once the size."""


def token(number: int) -> str:
    """Twenty-four hexadecimal digits that differ from number to number."""
    return f"{number * 2654435761 % 2**64:016x}{number:08x}"


def pixels(count: int, attributes: str = "width=1 height=1") -> str:
    """Different pixels."""
    return "\r\n".join(f'<img src="{HOST}/open?u={token(n)}" {attributes}>' for n in range(count))


def multipart(parts: str, kind: str = "mixed") -> bytes:
    """A multipart message of parts that begin with their boundary line."""
    return (HEAD + f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n{parts}--b--\r\n").encode()


def part(body: str, kind: str = "text/html", more: str = "") -> str:
    """One part of it."""
    return f"--b\r\nContent-Type: {kind}\r\n{more}\r\n{body}\r\n"


def base64_parts(count: int) -> bytes:
    """Parts of HTML in base64."""
    text = base64.encodebytes(IMAGE.encode()).decode().replace("\n", "\r\n")
    return multipart(part(text, more="Content-Transfer-Encoding: base64\r\n") * count)


def in_base64(count: int) -> bytes:
    """Different pixels in one body in base64."""
    text = base64.encodebytes(pixels(count).encode()).decode().replace("\n", "\r\n")
    return html(text, encoding="base64")


def in_quoted_printable(count: int) -> bytes:
    """Different pixels in one body in quoted-printable, with its soft line breaks."""
    text = quopri.encodestring(pixels(count).encode()).decode().replace("\n", "\r\n")
    return html(text, encoding="quoted-printable")


def soft_breaks(count: int) -> bytes:
    """A pixel whose address is written over many soft line breaks."""
    address = "=\r\n".join(PIXEL.replace("=", "=3D"))
    return html(
        "a=\r\n" * count + f'<img src=3D"{address}" width=3D1 height=3D1>', encoding="quoted-printable"
    )


def nested_messages(count: int) -> bytes:
    """Messages attached to messages, the pixel in the innermost."""
    return (
        HEAD + "Content-Type: message/rfc822\r\n\r\n" * count + f"Content-Type: text/html\r\n\r\n{IMAGE}"
    ).encode()


def attached_messages(count: int) -> bytes:
    """Messages attached beside each other."""
    return multipart(part(f"Content-Type: text/html\r\n\r\n{IMAGE}", "message/rfc822") * count)


def nested_multiparts(count: int) -> bytes:
    """Multiparts in multiparts."""
    inner = f"Content-Type: text/html\r\n\r\n{IMAGE}"
    for level in range(count):
        inner = f"Content-Type: multipart/mixed; boundary=b{level}x\r\n\r\n--b{level}x\r\n{inner}\r\n--b{level}x--\r\n"
    return (HEAD + inner).encode()


def fields(line: str, count: int) -> bytes:
    """A message with many fields of one name."""
    return html(IMAGE, head=many(count, line) + HEAD)


def field(name: str, piece: str, count: int) -> bytes:
    """A message with one long folded field."""
    return html(IMAGE, head=f"{name}: {many(count, piece)}x\r\n" + HEAD)


def content_type(piece: str, count: int) -> bytes:
    """A message whose Content-Type has many parameters."""
    return (
        HEAD + f"Content-Type: text/html;\r\n{many(count, piece)} charset=utf-8\r\n\r\n{IMAGE}\r\n"
    ).encode()


def nested_data(count: int) -> bytes:
    """Documents in data: URLs, beside each other."""
    inner = base64.b64encode(IMAGE.encode()).decode()
    return html(f'<iframe src="data:text/html;base64,{inner}"></iframe>\r\n' * count)


def data_in_data(count: int) -> bytes:
    """Much text under as many data: URLs in each other as are read, and one more."""
    inner = "x" * count + IMAGE
    for _ in range(7):
        inner = f'<iframe src="data:text/html;base64,{base64.b64encode(inner.encode()).decode()}"></iframe>'
    return html(inner)


def srcdocs(count: int) -> bytes:
    """Documents in srcdoc attributes."""
    return html(
        many(count, f'<iframe srcdoc="<img src={HOST}/open?u=4f9d2b7c# width=1 height=1>"></iframe>\r\n')
    )


def sheet(css: str) -> bytes:
    """A pixel under a style sheet."""
    return html(f"<style>{css}</style><div class=c1>{IMAGE}</div>")


def calendar(count: int) -> bytes:
    """A calendar with many descriptions."""
    line = f"X-ALT-DESC;FMTTYPE=text/html:<img src={HOST}/open?u=4f9d2b7c#>\r\n"
    return multipart(
        part(f"BEGIN:VCALENDAR\r\n{many(count, line)}END:VCALENDAR", "text/calendar") + part(IMAGE)
    )


def attached_sheet(count: int) -> bytes:
    """A style sheet as a part."""
    return multipart(part(many(count, f"@import url({HOST}/a#.css);\r\n"), "text/css") + part(IMAGE))


def svg(count: int) -> bytes:
    """A picture in SVG as a part."""
    inner = many(count, f'<image href="{HOST}/p#.png" width="1" height="1"/>\r\n')
    return multipart(
        part(f'<svg xmlns="http://www.w3.org/2000/svg">{inner}</svg>', "image/svg+xml") + part(IMAGE)
    )


def charset(name: str, filling: str) -> Callable[[int], bytes]:
    """Different pixels between letters of a charset."""

    def make(count: int) -> bytes:
        body = "\r\n".join(
            f'{filling}<img src="{HOST}/open?u={token(n)}" width=1 height=1>' for n in range(count)
        )
        return html(body, name)

    return make


def plain(text: str) -> bytes:
    """A pixel after markup."""
    return html(text + IMAGE)


KINDS: dict[str, Growing] = {
    "different images": Growing(lambda n: html(pixels(n)), 250),
    "the same image": Growing(lambda n: html((IMAGE + "\r\n") * n), 250),
    "images on one line": Growing(lambda n: html(pixels(n).replace("\r\n", "")), 250),
    "the same image, much text": Growing(lambda n: html((IMAGE + "word " * 40 + "\r\n") * n), 250),
    "images, bare": Growing(lambda n: html(pixels(n, "")), 250),
    "images after the bound": Growing(lambda n: html(pixels(1000 + n)), 1000),
    "images in links": Growing(
        lambda n: html(many(n, f'<a href="{HOST}/c/4f9d2b7c#"><img src="{HOST}/p/#.png"></a>\r\n') + IMAGE),
        250,
    ),
    "images in base64": Growing(in_base64, 250),
    "images in quoted-printable": Growing(in_quoted_printable, 250),
    "images in utf-16": Growing(charset("utf-16", "\u00e9"), 100),
    "images in shift_jis": Growing(charset("shift_jis", "\u3042"), 100),
    "images in iso-2022-jp": Growing(charset("iso-2022-jp", "\u3042"), 100),
    "images in gb18030": Growing(charset("gb18030", "\u4e2d"), 100),
    "images in utf-8": Growing(charset("utf-8", "\u00e9"), 250),
    "soft breaks": Growing(soft_breaks, 10_000),
    "parts": Growing(lambda n: multipart(part(IMAGE) * n), 100),
    "parts with different images": Growing(
        lambda n: multipart("".join(part(pixels(1).replace("=0", f"={m}")) for m in range(n))), 100
    ),
    "parts in base64": Growing(base64_parts, 100),
    "parts of no html": Growing(lambda n: multipart(part("x", "application/pdf") * n + part(IMAGE)), 200),
    "parts beyond the bound": Growing(lambda n: multipart(part(IMAGE) * (1000 + n)), 500),
    "messages beside each other": Growing(attached_messages, 100),
    "messages in each other": Growing(nested_messages, 1000),
    "multiparts in each other": Growing(nested_multiparts, 200),
    "header fields": Growing(lambda n: fields("X-Filling: b#\r\n", n), 5000),
    "received": Growing(
        lambda n: fields("Received: from a# by b#;\r\n\tWed, 1 Jan 2025 00:00:00 +0000\r\n", n), 2000
    ),
    "own fields": Growing(
        lambda n: fields("X-Unpixel: v=1; level=standard; patch=eNoDAAAAAAE; from=AA; to=AA;\r\n", n), 1000
    ),
    "receipts": Growing(lambda n: fields("Disposition-Notification-To: a#@example.org\r\n", n), 250),
    "to": Growing(lambda n: field("To", "p#@example#.org,\r\n ", n), 1000),
    "list-unsubscribe": Growing(lambda n: field("List-Unsubscribe", f"<{HOST}/u/4f9d2b7c#>,\r\n ", n), 1000),
    "encoded words": Growing(lambda n: field("Subject", "=?utf-8?q?a#?=\r\n ", n), 1000),
    "folded lines": Growing(lambda n: field("X-Filling", "a\r\n ", n), 10_000),
    "parameters": Growing(lambda n: content_type(" p#=x;\r\n", n), 500),
    "parameters of rfc 2231": Growing(lambda n: content_type(" p*#=x;\r\n", n), 500),
    "parameters of rfc 2231, encoded": Growing(lambda n: content_type(" p*#*=%41;\r\n", n), 500),
    "boundaries": Growing(lambda n: multipart("--b?\r\n" * n + part(IMAGE)), 10_000),
    "boundary-like lines after": Growing(lambda n: html(IMAGE + "\r\n" + "--x\r\n" * n), 10_000),
    "boundary-like lines between": Growing(lambda n: html((IMAGE + "\r\n--x\r\n") * n), 250),
    "srcset": Growing(
        lambda n: html('<img srcset="' + many(n, f"{HOST}/o?u=4f9d2b7c# #w, ") + '">' + IMAGE), 250
    ),
    "srcset, escaped": Growing(
        lambda n: html('<img srcset="' + many(n, f"{HOST}/o?a=1&amp;u=4f9d2b7c# #w, ") + '">' + IMAGE), 250
    ),
    "srcset of data": Growing(
        lambda n: html('<img srcset="' + many(n, "data:image/gif;base64,R0lGOD# #w, ") + '">' + IMAGE), 1000
    ),
    "attributes": Growing(lambda n: plain("<img " + many(n, "a#=1 ") + f"src={HOST}/x>"), 1000),
    "attributes with urls": Growing(
        lambda n: plain(many(n, f"<td background={HOST}/#.gif bgcolor=x>x</td>\r\n")), 250
    ),
    "styles": Growing(lambda n: plain(many(n, f'<i style="background:url({HOST}/#.gif)">x</i>\r\n')), 250),
    "urls in one style": Growing(
        lambda n: plain('<i style="' + many(n, f"background:url({HOST}/#.gif);") + '">x</i>'), 250
    ),
    "urls in one style, escaped": Growing(
        lambda n: plain('<i style="&amp;' + many(n, f"background:url({HOST}/#.gif);") + '">x</i>'), 250
    ),
    "declarations": Growing(lambda n: plain('<i style="' + "width:1px;" * n + '">x</i>'), 2000),
    "comments": Growing(lambda n: plain("<!-- x -->\r\n" * n), 5000),
    "unclosed comments": Growing(lambda n: plain("<!-- <!--\r\n" * n + "-->"), 5000),
    "conditional comments": Growing(
        lambda n: plain(many(n, f"<!--[if mso]><img src={HOST}/#.gif><![endif]-->\r\n")), 250
    ),
    "the same conditional comment": Growing(
        lambda n: plain(f"<!--[if mso]><img src={HOST}/a.gif><![endif]-->\r\n" * n), 250
    ),
    "conditional sheets": Growing(
        lambda n: plain(
            "<!--[if mso]>" + many(n, f"<style>@import url({HOST}/#.css);</style>") + "<![endif]-->"
        ),
        250,
    ),
    "rules": Growing(lambda n: sheet(many(n, ".c#{width:1px}\r\n")), 1000),
    "rules with urls": Growing(lambda n: sheet(many(n, f".c#{{background:url({HOST}/#.gif)}}\r\n")), 250),
    "selectors": Growing(lambda n: sheet(many(n, "td.c#,\r\n") + "p{width:1px}"), 1000),
    "media queries": Growing(lambda n: sheet(many(n, "@media (max-width:#px){.c1{width:1px}}\r\n")), 1000),
    "media in media": Growing(lambda n: sheet("@media screen{" * n + ".c1{width:1px}" + "}" * n), 1000),
    "unclosed media": Growing(lambda n: sheet("@media screen{\r\n" * n), 1000),
    "braces": Growing(lambda n: sheet("@media screen{" + "{}" * n), 5000),
    "custom properties": Growing(
        lambda n: sheet(f":root{{{many(n, '--p#:1px;')}}}.c1{{width:var(--p1)}}"), 1000
    ),
    "custom properties in each other": Growing(
        lambda n: sheet(f":root{{{many(n, '--p#:var(--p#);')}}}.c1{{background:image-set(var(--p1))}}"), 500
    ),
    "imports": Growing(lambda n: sheet(many(n, f"@import url({HOST}/#.css);\r\n")), 250),
    "sheets": Growing(lambda n: plain("<style>i{width:1px}</style>\r\n" * n), 500),
    "css comments": Growing(lambda n: sheet("/* x */" * n + ".c1{width:1px}"), 5000),
    "css escapes": Growing(lambda n: sheet(".c1{background:\\75rl(//t.example/" + "\\61 " * n + ")}"), 5000),
    "css strings": Growing(lambda n: sheet(".c1{content:'x'}" * n), 2000),
    "unclosed css strings": Growing(lambda n: sheet("'\n" * n), 5000),
    "links": Growing(lambda n: plain(many(n, f'<a href="{HOST}/c/4f9d2b7c#">x</a>\r\n')), 500),
    "long link": Growing(lambda n: plain(f'<a href="{HOST}/c/{"4f9d" * n}">x</a>'), 5000),
    "long url": Growing(lambda n: plain(f'<img src="{HOST}/c/{"4f9d" * n}">'), 5000),
    "long url, percent": Growing(lambda n: plain(f'<img src="{HOST}/c/{"%25" * n}">'), 5000),
    "character references": Growing(lambda n: plain(f'<img src="{HOST}/c?{"&amp;a" * n}">'), 5000),
    "character references in text": Growing(lambda n: plain("&amp;&nbsp;" * n), 5000),
    "endless reference": Growing(lambda n: plain(f'<img src="{HOST}/&#{"1" * n};">'), 5000),
    "cells": Growing(lambda n: plain("<table>" + "<tr><td>x</td></tr>\r\n" * n + "</table>"), 1000),
    "pictures in cells": Growing(
        lambda n: plain("<table>" + many(n, f"<tr><td><img src={HOST}/#.gif></td></tr>\r\n") + "</table>"),
        250,
    ),
    "misplaced cells": Growing(lambda n: plain("<table>" + "<b>x<tr>" * n + "</table>"), 500),
    "depth": Growing(lambda n: plain("<div>" * n), 200),
    "formatting": Growing(lambda n: plain("<b><p>" * n), 200),
    "anchors in each other": Growing(lambda n: plain("<a href=x>" * n), 500),
    "pictures at depth": Growing(lambda n: plain(many(n, f"<div><img src={HOST}/#.gif>")), 100),
    "pictures behind each other": Growing(lambda n: plain(many(n, f"<p><img src={HOST}/#.gif>x")), 250),
    "sources": Growing(
        lambda n: plain("<picture>" + many(n, f"<source srcset={HOST}/#.gif>") + "<img></picture>"), 250
    ),
    "second bodies": Growing(lambda n: plain(many(n, f"<body a#=1 background={HOST}/a>")), 2000),
    "templates": Growing(lambda n: plain("<template shadowrootmode=open>x</template>" * n), 500),
    "noscript": Growing(lambda n: plain(f'<noscript><img src="{HOST}/n.gif"></noscript>' * n), 250),
    "data urls": Growing(nested_data, 100),
    "data urls in each other": Growing(data_in_data, 2000),
    "srcdocs": Growing(srcdocs, 100),
    "svg": Growing(svg, 250),
    "svg in html": Growing(
        lambda n: plain("<svg>" + many(n, f'<image href="{HOST}/#.png" width="1" height="1"/>') + "</svg>"),
        250,
    ),
    "animations": Growing(
        lambda n: plain("<svg>" + many(n, f'<animate attributeName=href values="{HOST}/#"/>') + "</svg>"), 100
    ),
    "calendar": Growing(calendar, 250),
    "folded calendar": Growing(
        lambda n: multipart(
            part("X-ALT-DESC:" + "x\r\n " * n + f"<img src={HOST}/a>\r\n", "text/calendar") + part(IMAGE)
        ),
        5000,
    ),
    "attached sheet": Growing(attached_sheet, 250),
    "bare carriage returns": Growing(lambda n: html("\r".join([IMAGE] * n)), 250),
    "line ends of three kinds": Growing(lambda n: html("a\r\n\r\n\n" * n + IMAGE), 5000),
    "words": Growing(lambda n: plain("word " * n), 20_000),
    "a long word": Growing(lambda n: plain("4f9d" * n), 20_000),
    "null characters": Growing(lambda n: plain("\0" * n), 10_000),
    "angle brackets": Growing(lambda n: plain("<" * n), 10_000),
    "unclosed quotes": Growing(lambda n: plain('<a href="' * n), 2000),
    "refreshes": Growing(
        lambda n: plain(many(n, f'<meta http-equiv=refresh content="0;url={HOST}/#">')), 250
    ),
    "pgp": Growing(lambda n: plain("-----BEGIN PGP " * n), 5000),
    "plain text": Growing(
        lambda n: multipart(
            part("word\r\n" * n, "text/plain", "Content-Transfer-Encoding: base64\r\n") + part(IMAGE)
        ),
        5000,
    ),
    "octets": Growing(
        lambda n: multipart(part("QUJD" * 18 + "\r\n" * n, "application/pdf") + part(IMAGE)), 5000
    ),
}
