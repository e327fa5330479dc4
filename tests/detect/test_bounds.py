"""Every bound: what was located is judged, what was not looked at is counted or told, and nothing hangs."""

from __future__ import annotations

import base64
import json
import pickle
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import blocker
from blocker.detect import allowance, cascade, context, stylesheet
from blocker.detect.report import Report
from blocker.message import headers, html, mime, multipart, references, urls
from tests.detect.hostile import HEAD, HOSTILE, IMAGE, images, many
from tests.detect.hostile import html as message
from tests.detect.messages import PIXEL, TO

SECONDS = 2.0
"""Processor time that a message made to be slow may take."""
SLOWEST = 100
"""How many times the median the slowest real message may take."""


def scan(raw: bytes) -> Report:
    """A report, which JSON can carry."""
    report = blocker.scan(raw)
    json.dumps(report.as_dict())
    return report


def pixels(report: Report) -> int:
    """How many references with the marker's URL were judged a pixel."""
    return sum(r.url == PIXEL and r.verdict.kind == "pixel" for r in report.references)


@pytest.mark.once
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hangs_and_nothing_is_missing_silently(name: str) -> None:
    """A hostile message is judged and printed in two seconds; its pixel is found, or the report says what was left out."""
    raw = HOSTILE[name]()
    started = time.process_time()
    report = scan(raw)
    assert time.process_time() - started < SECONDS
    assert len(report.references) <= references.MAX_REFERENCES
    assert pixels(report) >= 1 or report.error is not None
    assert report.unjudged == 0 or report.error is not None


PART = f"--b\r\nContent-Type: text/html\r\n\r\n{IMAGE}\r\n"
MULTIPART = HEAD + "Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def nested(levels: int) -> bytes:
    """A pixel under so many multiparts, and one beside the outermost."""
    inner = "Content-Type: text/html\r\n\r\n" + IMAGE
    for level in range(levels):
        inner = f"Content-Type: multipart/mixed; boundary=b{level}x\r\n\r\n--b{level}x\r\n{inner}\r\n--b{level}x--\r\n"
    return f"{MULTIPART}{PART}--b\r\n{inner}\r\n--b--\r\n".encode()


def parts(count: int) -> bytes:
    """So many parts of one pixel each."""
    return (MULTIPART + PART * count + "--b--\r\n").encode()


def padded(size: int) -> bytes:
    """A pixel, filling, and another pixel."""
    return message(IMAGE + "x" * size + IMAGE)


def header(size: int) -> bytes:
    """A message whose Content-Type follows so many bytes of other fields."""
    line = "X-Filling: " + "x" * 1011 + "\r\n"
    return message(IMAGE, head=line * (size // len(line)) + HEAD)


def like(count: int) -> bytes:
    """A pixel after so many lines that begin like the boundary."""
    return (MULTIPART + "--b?\r\n" * count + PART + "--b--\r\n").encode()


@pytest.mark.parametrize(
    ("make", "below", "above", "left"),
    [
        (nested, mime.MAX_DEPTH - 2, mime.MAX_DEPTH, 1),
        (parts, multipart.MAX_PARTS, 2 * multipart.MAX_PARTS, multipart.MAX_PARTS),
        (padded, html.MAX_HTML // 2, html.MAX_HTML, 1),
        (header, headers.MAX_HEADER_BYTES // 2, headers.MAX_HEADER_BYTES + 4096, 0),
        (like, multipart.MAX_LIKE // 20, multipart.MAX_LIKE + 1, 0),
    ],
    ids=["depth", "parts", "size of html", "header bytes", "lines like boundaries"],
)
def test_bounds_on_what_is_told_apart(
    make: Callable[[int], bytes], below: int, above: int, left: int
) -> None:
    """Below the bound everything is judged and nothing is said; above, what lies before it is, and the error says so."""
    whole = scan(make(below))
    assert whole.error is None
    assert pixels(whole) == len(whole.references) >= 1
    cut = scan(make(above))
    assert cut.error == "not everything was looked at: parts or markup above a bound"
    assert pixels(cut) >= left


def test_a_look_cut_short_is_a_fact_of_the_report() -> None:
    """Also of one that travelled between processes, or was given other references."""
    cut, whole = scan(message(images(references.MAX_REFERENCES) + IMAGE)), scan(message(IMAGE))
    for report in (cut, cut.having(references=()), pickle.loads(pickle.dumps(cut))):
        assert report.partly
    for report in (whole, whole.having(references=()), pickle.loads(pickle.dumps(whole))):
        assert not report.partly


def test_references() -> None:
    """The first references are judged, each further one is counted, in whichever part it stands; the error gives the number."""
    most = references.MAX_REFERENCES
    whole = scan(message(images(most - 1) + IMAGE))
    assert (len(whole.references), whole.unjudged, whole.error, pixels(whole)) == (most, 0, None, 1)
    cut = scan(message(IMAGE + images(most + 499)))
    assert (len(cut.references), cut.unjudged, pixels(cut)) == (most, 500, 1)
    assert cut.error == f"not everything was looked at: 500 references after the first {most}"
    two = f"--b\r\nContent-Type: text/html\r\n\r\n{images(most - 1)}\r\n" + PART * 3 + "--b--"
    split = scan((MULTIPART + two).encode())
    assert (len(split.references), split.unjudged, pixels(split)) == (most, 2, 1)


@pytest.mark.parametrize(
    "markup",
    [
        many(stylesheet.MAX_RULES + 1, "<style>.c#{width:1px}</style>")[:200_000],
        f"<style>{many(stylesheet.MAX_RULES + 1, '.c#{width:1px}')}</style>",
        f"<style>p{{width:1px}}{' ' * stylesheet.MAX_SHEET}</style>",
        "<style>i{width:1px}</style>" * (cascade.MAX_SHEETS + 1),
        f"<style>{many(4000, '*{height:1px}')}</style>" + images(200),
    ],
    ids=["rules of many sheets", "rules", "size of a sheet", "sheets", "steps"],
)
def test_bounds_on_style_rules(markup: str) -> None:
    """Beyond them a reference is judged by its own attributes, and the error says that rules were left out."""
    report = scan(message(markup + IMAGE))
    assert pixels(report) == 1
    assert report.error == "not everything was looked at: style rules"


def test_bound_on_searches() -> None:
    """With the allowance used up a URL's head is still searched: an address in plain sight is found in the last of them."""
    value = base64.urlsafe_b64encode(b"someone@example.net " * 300).decode()
    last = f'<img src="https://t.sender.example/o?to={TO}">'
    report = scan(message(many(500, f'<img src="https://t.sender.example/#/{value}">') + last))
    assert report.error == "not everything was looked at: values of URLs"
    assert any(why.rule == "identity.address" for why in report.references[-1].verdict.reasons)
    assert len(report.references) == 501


def test_ordinary_mail_is_far_from_every_allowance() -> None:
    """A mail of three hundred pictures with a sheet of three hundred rules, to five people, is looked at whole."""
    sheet = many(300, ".c#,td.c#{width:100px;display:block}")
    head = HEAD.replace(f"<{TO}>", f"<{TO}>, {many(4, 'p#@example.org, ')}q@example.org")
    body = many(
        300, f'<td class="c#"><img class="c#" src="https://cdn.sender.example/#/{"4f9d2b7c" * 20}.png">'
    )
    report = scan(message(f"<style>{sheet}</style><table><tr>{body}{IMAGE}", head=head))
    assert (report.error, report.unjudged, len(report.references)) == (None, 0, 301)


def test_recipients_and_links() -> None:
    """The first addressees are searched for and the first links counted; the others change nothing and break nothing."""
    to = ", ".join(f"p{number}@example{number}.org" for number in range(200))
    src = many(context.MAX_RECIPIENTS + 5, '<img src="https://t.sender.example/o?to=p#@example#.org">')
    links = many(context.MAX_LINKS + 5, '<a href="https://sender.example/#">x</a>')
    report = scan(message(src + links, head=HEAD.replace(f"Camille <{TO}>", to)))
    found = [any(w.rule == "identity.address" for w in r.verdict.reasons) for r in report.references]
    assert found == [True] * context.MAX_RECIPIENTS + [False] * 5
    assert report.links.total == context.MAX_LINKS


def test_length_of_a_url() -> None:
    """A URL longer than any server takes is judged by its head, and its span is the whole of it."""
    raw = message(f'<img src="{PIXEL}{"a" * (2 * urls.MAX_URL)}" width=1 height=1>')
    (reference,) = scan(raw).references
    assert reference.verdict.kind == "pixel"
    assert len(reference.url or "") <= urls.MAX_URL
    assert reference.span[1] - reference.span[0] == len(PIXEL) + 2 * urls.MAX_URL


def test_ancestors() -> None:
    """What hides a reference is looked for as far up as the bound; beyond that it counts as shown."""

    def reasons(levels: int) -> set[str]:
        (reference,) = scan(message("<div hidden>" + "<div>" * levels + f'<img src="{PIXEL}">')).references
        return {why.rule for why in reference.verdict.reasons}

    assert "visibility.hidden" in reasons(cascade.MAX_ANCESTORS - 5)
    assert "visibility.hidden" not in reasons(cascade.MAX_ANCESTORS + 5)


def test_allowances_are_counted_in_steps_not_in_seconds() -> None:
    """The same message is cut at the same place whenever it is read."""
    raw = HOSTILE["rules for all, deep"]()
    first, second = blocker.scan(raw), blocker.scan(raw)
    assert first.as_dict() == second.as_dict()
    assert first.error is not None
    spent = allowance.Allowance(10)
    assert spent.take(10)
    assert not spent.used_up
    assert not spent.take(1)
    assert spent.used_up


@pytest.mark.corpus
def test_the_slowest_real_message(corpus: Path) -> None:
    """On real mail no message takes a hundred times the median, and none reaches a bound."""
    took = []
    for path in sorted(corpus.rglob("*.eml")):
        raw = path.read_bytes()
        times = []
        for _ in range(2):
            started = time.process_time()
            report = blocker.scan(raw)
            times.append(time.process_time() - started)
        took.append(min(times))
        assert (report.error, report.unjudged) == (None, 0), path
    assert took, "no mail was found"
    assert max(took) < SLOWEST * statistics.median(took)
