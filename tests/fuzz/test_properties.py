"""What holds of every message, style sheet and URL, tried on made-up ones."""

from __future__ import annotations

import binascii
import html
from email import message_from_bytes

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import blocker
from blocker.detect.allowance import Allowance
from blocker.detect.cascade import Cascade, by_view
from blocker.detect.disguises import find
from blocker.detect.judge import learn
from blocker.detect.memory import FolderMemory, template
from blocker.detect.report import BLOCKED
from blocker.detect.stylesheet import declarations, parse_sheet
from blocker.message.css import css_urls, unescape
from blocker.message.read import read
from blocker.message.references import MAX_REFERENCES
from blocker.message.urls import clean, parse, resolve
from tests.fuzz import strategies as make
from tests.fuzz.targets import TARGETS, check_report

many = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
"""Enough to find what is common; the fuzzing targets look for what is rare."""


@many
@given(make.messages())
def test_any_message_is_scanned(raw: bytes) -> None:
    """No message makes judging fail; bounds hold, spans lie inside, every verdict has reasons, JSON carries it."""
    check_report(raw, blocker.scan(raw, recipients=(make.TO,)))


@many
@given(make.messages())
def test_judging_is_deterministic(raw: bytes) -> None:
    """The same bytes give the same report, whatever was judged in between, with and without a memory."""
    first = blocker.scan(raw).as_dict()
    blocker.scan(raw.swapcase())
    assert blocker.scan(raw).as_dict() == first
    memory = FolderMemory()
    learn(memory, raw)
    remembered = blocker.scan(raw, memory=memory).as_dict()
    assert blocker.scan(raw, memory=memory).as_dict() == remembered


@many
@given(make.messages())
def test_any_message_survives_every_level(raw: bytes) -> None:
    """What is neutralised turns back into the original byte for byte; what is not is the original."""
    TARGETS["message"](raw)


@many
@given(make.located())
def test_spans_decode_to_the_values(mail: make.Located) -> None:
    """Each URL of a sound message is found once, and its span in the raw bytes is its own text, encoded."""
    found = read(mail.raw).references
    assert [reference.raw for reference in found] == mail.values
    for reference in found:
        start, end = reference.span
        piece = mail.raw[start:end]
        if mail.encoding == "base64":
            # Three octets share four characters: the span is rounded to them.
            text = binascii.a2b_base64(piece).decode(mail.charset, "ignore")
            assert html.escape(reference.raw) in text if mail.charset != "utf-16-le" else text
            continue
        if mail.encoding == "quoted-printable":
            piece = binascii.a2b_qp(piece)
        assert html.unescape(piece.decode(mail.charset)) == reference.raw


@many
@given(make.located())
def test_a_sound_message_reads_alike_in_any_encoding(mail: make.Located) -> None:
    """Verdicts do not depend on the transfer encoding."""
    parsed = message_from_bytes(mail.raw)
    body = parsed.get_payload(decode=True)
    assert isinstance(body, bytes)
    head = mail.raw.partition(b"Content-Transfer-Encoding")[0]
    plain = head + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + body

    def verdicts(raw: bytes) -> list[tuple[str, str]]:
        return [(one.raw, one.verdict.kind) for one in blocker.scan(raw).references]

    assert verdicts(plain) == verdicts(mail.raw)


@many
@given(make.located(), st.integers(1, 3))
def test_a_pixel_among_them_is_blocked(mail: make.Located, copies: int) -> None:
    """A pixel put behind anything sound is found there, and blocked."""
    pixel = "https://us7.list-manage.com/track/open.php?u=0a1b2c3d4e5f60718293a4b5c&id=1f2e3d4c5b"
    parsed = message_from_bytes(mail.raw)
    body = parsed.get_payload(decode=True)
    assert isinstance(body, bytes)
    tail = "".join(
        f'<p><img src="{html.escape(pixel)}&amp;e={n}" width=1 height=1></p>' for n in range(copies)
    )
    head = mail.raw.partition(b"Content-Transfer-Encoding")[0]
    raw = head + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + body + tail.encode(mail.charset)
    kinds = {one.raw: one.verdict.kind for one in blocker.scan(raw).references}
    for number in range(copies):
        assert kinds[f"{pixel}&e={number}"] in BLOCKED


@many
@given(make.sheets())
def test_any_style_sheet_is_read(text: str) -> None:
    """URLs stand where they are said to, in order; rules are read twice alike."""
    found = css_urls(text, sheet=True)
    assert all(unescape(text[one.start : one.end]) == one.value for one in found)
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert parse_sheet(text).size == parse_sheet(text + " ").size


@many
@given(make.sheets(), make.styles())
def test_the_style_attribute_has_the_last_word(sheet: str, style: str) -> None:
    """An important width in the attribute is what the cascade gives, whatever the sheet and the attribute say besides."""
    markup = f'<style>{sheet.replace("<", "")}</style><img src="//t.example/x">'
    raw = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + markup.encode("utf-8", "replace")
    (reference,) = [r for r in read(raw).references if r.element == "img"]
    cascade = Cascade(reference.document, Allowance(100_000))
    attrs = {"src": "x", "style": "width:77px!important;" + declared(style)}
    views = by_view(cascade.declared(reference.node, attrs))
    assert {view["width"] for view in views} == {"77px"}


def declared(style: str) -> str:
    """A style's declarations, written anew, none of them of an important width."""
    return ";".join(
        f"{n}:{v}"
        for n, v, important in declarations(style)
        if not important and ";" not in v and "!" not in v
    )


@many
@given(make.urls())
def test_any_url_is_resolved(text: str) -> None:
    """What would be fetched is ASCII, is its own normal form, and has a template without failing."""
    remote, url = resolve(clean(text), None)
    if url is not None:
        assert remote
        assert url.href.isascii()
        assert parse(url.href) == url
        assert template(url)


@many
@given(make.urls(), st.sampled_from(["", "x=", "/"]))
def test_an_address_is_found_behind_any_url(text: str, before: str) -> None:
    """An address set apart at the end of any URL is found; cut in its middle it is not the reader's."""
    whole = find(f"{text}&{before}{make.TO}", [make.TO])
    assert whole is not None
    assert whole.what == "address"
    other = find(text.replace("camille", "").replace("Y2FtaWxsZ", ""), ["nobody.like.this@elsewhere.example"])
    assert other is None or other.what == "other"


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.lists(make.messages(), max_size=6))
def test_a_folder_of_anything_is_remembered(folder: list[bytes]) -> None:
    """A first pass over any messages, in any order, then judging them by it, fails on none and repeats itself."""
    memory = FolderMemory()
    for raw in folder:
        learn(memory, raw)
    for raw in folder:
        report = blocker.scan(raw, memory=memory)
        check_report(raw, report)
        assert len(report.references) <= MAX_REFERENCES
