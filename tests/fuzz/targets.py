"""What is fuzzed: each target takes any bytes and fails where a promise is broken.

A target is a function of bytes; `seeds` gives what to begin with, out of the fixtures.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message

import blocker
from blocker.choices.levels import Level
from blocker.detect.disguises import find
from blocker.detect.knowledge import default_rules, inner_url
from blocker.detect.memory import template
from blocker.detect.report import Report
from blocker.detect.stylesheet import ALL_VIEWS, declarations, media_views, parse_sheet, specificity
from blocker.detect.traits import traits
from blocker.message.css import css_urls, unescape
from blocker.message.references import MAX_REFERENCES
from blocker.message.urls import clean, parse, resolve
from blocker.message.xmlread import read_xml
from tests.fixtures.paths import FIXTURES

TO = "camille@example.org"
CHARSETS = ("utf-8", "us-ascii", "iso-8859-1", "windows-1252", "shift_jis", "iso-2022-jp", "utf-16", "x-none")
XML_TYPES = ("application/xhtml+xml", "image/svg+xml", "text/xml")
_STYLE = re.compile(r"<style[^>]{0,200}>([^<]{1,4000})|style=[\"']([^\"']{1,400})", re.IGNORECASE)


def check_report(raw: bytes, report: Report) -> None:
    """What holds of every report: bounds, spans inside the message, verdicts with reasons, and JSON."""
    json.dumps(report.as_dict()).encode("ascii")
    assert len(report.references) <= MAX_REFERENCES
    assert report.unjudged == 0 or report.error is not None
    for one in report.references:
        start, end = one.span
        assert 0 <= start <= end <= len(raw)
        assert one.verdict.reasons
        assert 0.5 <= one.verdict.confidence <= 1


def message(data: bytes) -> None:
    """Any bytes: scanned alike twice; neutralised and restored byte for byte, or left alone."""
    report = blocker.scan(data, recipients=(TO,))
    check_report(data, report)
    assert blocker.scan(data, recipients=(TO,)).as_dict() == report.as_dict()
    for level in Level:
        done = blocker.neutralise(data, level=level, report=report)
        assert (blocker.restore(done.raw) if done.changed else done.raw) == data


def html(data: bytes) -> None:
    """Any markup, in a charset and a transfer encoding that the first two bytes choose."""
    choice, body = data[:2].ljust(2, b"\0"), data[2:]
    encoding = ("8bit", "quoted-printable", "base64")[choice[1] % 3]
    if encoding == "quoted-printable":
        body = binascii.b2a_qp(body)
    elif encoding == "base64":
        body = base64.encodebytes(body)
    head = f"From: a@sender.example\r\nTo: {TO}\r\nContent-Type: text/html; charset={CHARSETS[choice[0] % len(CHARSETS)]}\r\n"
    message(f"{head}Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body)


def css(data: bytes) -> None:
    """Any style sheet and style attribute: URLs where they are said to stand, rules and views within bounds."""
    text = data.decode("utf-8", "replace")
    for sheet in (True, False):
        last = 0
        for found in css_urls(text, sheet=sheet):
            assert last <= found.start < found.end <= len(text)
            assert unescape(text[found.start : found.end]) == found.value
            last = found.end
    parse_sheet(text)
    declarations(text)
    assert 0 <= media_views(text) <= ALL_VIEWS
    specificity(text[:300])


def url(data: bytes) -> None:
    """Any value of an attribute: resolved, judged and masked without failing, and alike in its normal form."""
    text = data.decode("utf-8", "surrogateescape")
    value = clean(text)
    for base in (None, parse("https://sender.example/a/b?c")):
        remote, found = resolve(value, base)
        assert remote or found is None
        if found is None:
            continue
        assert found.href.isascii()
        assert parse(found.href) == found
        assert default_rules().match(found.host, found.target) == default_rules().match(
            found.host, found.target
        )
        traits(found)
        template(found)
        inner_url(found.href)
    inner_url(text)
    found_address = find(text[:8192], [TO], "sender.example")
    assert found_address is None or found_address.form


def xml(data: bytes) -> None:
    """Any XML, in a type and a charset that the first two bytes choose: values where they are said to stand."""
    choice, body = data[:2].ljust(2, b"\0"), data[2:]
    text = body.decode("utf-8", "replace").replace("\r", "\n")
    means = [len(text) * 8 + 4096]
    for read in read_xml(text, lambda characters: _paid(means, characters)):
        woven = [value for element in read.elements for value in element.values.values()]
        for value in (*woven, *(sheet for _, sheet in read.sheets)):
            start, end = value.whole
            assert 0 <= start <= end <= len(text)
            first, last = value.span(0, len(value.text))
            assert 0 <= first <= last <= len(text)
            assert not value.exact or len(value.text) <= last - first
    kind = XML_TYPES[choice[1] % len(XML_TYPES)]
    head = f"From: a@sender.example\r\nTo: {TO}\r\nContent-Type: {kind}; charset={CHARSETS[choice[0] % len(CHARSETS)]}\r\n"
    message(head.encode() + b"\r\n" + body)


def _paid(means: list[int], characters: int) -> bool:
    means[0] -= characters
    return means[0] >= 0


TARGETS: dict[str, Callable[[bytes], None]] = {
    "message": message,
    "html": html,
    "css": css,
    "url": url,
    "xml": xml,
}


def seeds(name: str) -> Iterator[bytes]:
    """Inputs to begin with, made of the fixtures."""
    for path in sorted(FIXTURES.rglob("*.eml")):
        raw = path.read_bytes()
        if name == "message":
            yield raw
            continue
        for part in message_from_bytes(raw).walk():
            kind = part.get_content_type()
            if name == "xml" and kind.endswith("xml"):
                yield b"\0\0" + _body(part)
            if kind == "text/html":
                yield from _of_html(name, _body(part))
    if name == "url":
        for path in sorted(FIXTURES.glob("*/expected.toml")):
            yield from _strings(tomllib.loads(path.read_text(encoding="utf-8")))


def _body(part: Message) -> bytes:
    try:
        body = part.get_payload(decode=True)
    except (ValueError, AssertionError):
        return b""
    return body if isinstance(body, bytes) else b""


def _of_html(name: str, body: bytes) -> Iterator[bytes]:
    if name == "html" or (name == "xml" and b"<svg" in body):
        yield b"\0\0" + body
    elif name == "css":
        for match in _STYLE.finditer(body.decode("utf-8", "replace")):
            yield (match[1] or match[2]).encode()


def _strings(value: object) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode()
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
