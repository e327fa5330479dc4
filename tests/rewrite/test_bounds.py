"""Each bound with a message beyond it: what stands before the bound goes, and what lies beyond goes too or is told."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

import blocker
from blocker.choices.levels import Level
from blocker.detect.cascade import MAX_ANCESTORS, MAX_SHEETS
from blocker.detect.stylesheet import MAX_RULES, MAX_SHEET
from blocker.message.headers import MAX_HEADER_BYTES, MAX_VALUE_BYTES
from blocker.message.html import MAX_HTML
from blocker.message.mime import MAX_DEPTH, MAX_ENCLOSED
from blocker.message.multipart import MAX_LIKE, MAX_PARTS
from blocker.message.nested import MAX_NESTED
from blocker.message.references import MAX_REFERENCES
from blocker.message.urls import MAX_URL
from tests.bench.growing import multipart, part
from tests.detect.hostile import HEAD, IMAGE, html, images, many

FAR = '<img src="https://far.sender.example/o/9e1f2b7c81e6a035" width="1" height="1">'
"""A pixel that stands beyond the bound."""
FEW_PLACES = MAX_REFERENCES + 500


def attached(levels: int) -> bytes:
    """A pixel in messages attached in base64 to each other."""
    inner = f"Content-Type: text/html\r\n\r\n{FAR}".encode()
    for _ in range(levels):
        body = base64.encodebytes(inner).replace(b"\n", b"\r\n")
        inner = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body
    return HEAD.encode() + inner


def multiparts(levels: int) -> bytes:
    """A pixel under so many multiparts."""
    inner = f"Content-Type: text/html\r\n\r\n{FAR}"
    for level in range(levels):
        inner = f"Content-Type: multipart/mixed; boundary=b{level}x\r\n\r\n--b{level}x\r\n{inner}\r\n--b{level}x--\r\n"
    return (HEAD + inner).encode()


def documents(levels: int) -> bytes:
    """A pixel under so many documents in data: URLs."""
    inner = FAR
    for _ in range(levels):
        inner = f'<iframe src="data:text/html;base64,{base64.b64encode(inner.encode()).decode()}"></iframe>'
    return html(inner)


def comments(count: int) -> bytes:
    """A conditional comment after so many texts that look like its beginning."""
    data = f"[if mso]>{'x' * 64}{FAR}<![endif]"
    decoy = f"[if mso]>{'x' * 64}{'y' * (len(data) - 73)}"
    return html(many(count, f"<a title='<!--{decoy}-->'>x</a>") + f"<!--{data}-->")


def header(line: str) -> bytes:
    """A message whose Content-Type names its boundary behind much else."""
    fields = f"Content-Type: multipart/mixed;\r\n{line} boundary=b\r\n\r\n"
    return (HEAD + fields + part(FAR) + "--b--\r\n").encode()


BEYOND: dict[str, Callable[[], bytes]] = {
    "MAX_HTML": lambda: html(IMAGE + "x" * MAX_HTML + FAR),
    "MAX_PARTS": lambda: multipart(part(IMAGE) * (MAX_PARTS + 1) + part(FAR)),
    "MAX_DEPTH": lambda: multiparts(MAX_DEPTH + 1),
    "MAX_LIKE": lambda: multipart("--b?\r\n" * (MAX_LIKE + 1) + part(FAR)),
    "MAX_ENCLOSED": lambda: attached(MAX_ENCLOSED + 1),
    "MAX_HEADER_BYTES": lambda: html(FAR, head="X-Filling: x\r\n" * (MAX_HEADER_BYTES // 14 + 1) + HEAD),
    "MAX_VALUE_BYTES": lambda: header(" x=y;\r\n" * (MAX_VALUE_BYTES // 7 + 1)),
    "MAX_NESTED": lambda: documents(MAX_NESTED + 1),
    "MAX_URL": lambda: html(FAR.replace("o/", f"o/{'x' * MAX_URL}/")),
    "MAX_REFERENCES": lambda: html(images(MAX_REFERENCES) + FAR),
    "MAX_PLACES": lambda: html(IMAGE + images(FEW_PLACES) + FAR),
    "MAX_SHEETS": lambda: html("<style>i{width:1px}</style>" * (MAX_SHEETS + 1) + FAR),
    "MAX_SHEET": lambda: html(f"<style>p{{width:1px}}{' ' * MAX_SHEET}</style>{FAR}"),
    "MAX_RULES": lambda: html(f"<style>{many(MAX_RULES + 1, '.c#{width:1px}')}</style>{FAR}"),
    "MAX_ANCESTORS": lambda: html("<div hidden>" + "<div>" * MAX_ANCESTORS + FAR),
    "tries of a comment": lambda: comments(20),
    "a long condition": lambda: html(f"<!--[if mso {'x' * 500}]>{FAR}<![endif]-->"),
    "a long style tag": lambda: html(
        f"<!--[if mso]><style {'x' * 3000}>p{{background:url(https://far.sender.example/o)}}</style><![endif]-->"
    ),
}


@pytest.mark.once
@pytest.mark.parametrize("level", ["standard", "paranoid"])
@pytest.mark.parametrize("bound", BEYOND)
def test_beyond_a_bound_nothing_is_silent(bound: str, level: Level, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found goes, whatever lies beyond; what may be left is judged, or told in the report and as a refusal."""
    raw = BEYOND[bound]()
    monkeypatch.setattr("blocker.rewrite.neutralise.MAX_PLACES", FEW_PLACES)
    done = blocker.neutralise(raw, level=level)
    assert IMAGE.encode() not in done.raw
    assert not done.changed or blocker.restore(done.raw, lambda _: done.patch) == raw
    told = done.report.partly and done.report.error is not None
    judged = any("far.sender.example" in found.raw for found in done.report.references)
    if not done.changed:
        assert done.refused == done.report.error
        assert told or (judged and level == "standard")
    elif b"far.sender.example" in done.raw:
        assert told


def test_what_is_not_judged_goes_at_every_level() -> None:
    """Nobody hides a pixel behind so many pictures that it is not judged; those before it stay at standard."""
    raw = html(images(MAX_REFERENCES) + FAR)
    done = blocker.neutralise(raw)
    assert done.changed
    assert b"far.sender.example" not in done.raw
    assert done.raw.count(b"cdn.sender.example") == MAX_REFERENCES
    assert blocker.restore(done.raw) == raw
