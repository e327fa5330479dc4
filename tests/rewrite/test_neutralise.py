"""What neutralising promises: nothing else changes, it can be undone, and doing it twice is doing it once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

import blocker
from blocker.choices.levels import DEFAULT_LEVEL, Level
from blocker.detect.report import Kind
from blocker.message.read import RECEIPT_HEADERS
from blocker.rewrite import marker
from blocker.rewrite.neutralise import SIGNED
from blocker.rewrite.patch import MAX_PATCH, Edit, apply_edits, pack, unpack
from blocker.rewrite.replacement import TRANSPARENT, replacement
from tests.fixtures.paths import FIXTURES
from tests.message.samples import HEAD, encoded, html, mail, parts
from tests.message.standard import standard_leaves
from tests.message.test_references import ROWS

KEY = b"k" * 32
PIXEL = "https://t.sender.example/open.gif?r=camille%40example.org&amp;m=4f2a9c"
PIXEL_TAG = f'<img src="{PIXEL}" width="1" height="1" alt="">'
PERSONAL = "https://cdn.sender.example/card/camille@example.org.png"
CONTENT = "https://cdn.sender.example/logo.png"
SPACER = "https://cdn.sender.example/s.gif"
FOUR = (
    f'<p>Hello</p><img src="{CONTENT}" width="300" height="80" alt="Logo"><img src="{SPACER}" width="1" height="20">'
    f'<img src="{PERSONAL}" width="400" height="200" alt="For you">{PIXEL_TAG}'
)


def html_of(raw: bytes) -> str:
    """The decoded text of the first HTML leaf, by the standard library."""
    return next(leaf.data.decode() for leaf in standard_leaves(raw) if leaf.kind == "text/html")


def outside(raw: bytes, new: bytes) -> None:
    """Check that our field and the edits of the patch are all that differs."""
    found = marker.read(new)
    assert found is not None
    assert found.patch is not None
    head = raw.find(b"\n") + 1 if raw.startswith(b"From ") else 0
    assert new[: found.start] == raw[:head]
    original, after = raw[head:], new[found.end :]
    position = at = 0
    for edit in unpack(found.patch):
        kept = after[at : edit.start]
        assert original[position : position + len(kept)] == kept
        position += len(kept) + len(edit.new)
        at = edit.end
    assert original[position:] == after[at:]


def promises(raw: bytes, level: Level | str = DEFAULT_LEVEL, key: bytes | None = KEY) -> blocker.Neutralised:
    """Neutralise, check every promise that holds for any message, and give the result."""
    before = hashlib.sha256(raw).digest()
    done = blocker.neutralise(raw, level=level, key=key)
    assert hashlib.sha256(raw).digest() == before
    if not done.changed:
        assert done.raw == raw
        return done
    assert done.refused is None
    outside(raw, done.raw)
    assert blocker.restore(done.raw) == raw
    again = blocker.neutralise(done.raw, level=level, key=key)
    assert again.raw == done.raw
    assert not again.changed
    leaves, new_leaves = standard_leaves(raw), standard_leaves(done.raw)
    assert [leaf.kind for leaf in leaves] == [leaf.kind for leaf in new_leaves]
    assert [leaf for leaf in leaves if leaf.kind == "text/plain"] == [
        leaf for leaf in new_leaves if leaf.kind == "text/plain"
    ]
    return done


@pytest.mark.parametrize("encoding", ["8bit", "7bit", "binary", "", "quoted-printable", "base64"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("level", Level)
def test_what_goes_and_what_stays(encoding: str, end: bytes, level: Level) -> None:
    """At each level the kinds that it names go, the others stay, and the element keeps its size and alt text."""
    raw = mail(encoded(FOUR.encode(), encoding), "text/html; charset=utf-8", encoding).replace(b"\r\n", end)
    done = promises(raw, level)
    text = html_of(done.raw)
    assert PIXEL not in text
    assert (PERSONAL in text) == (level == "standard")
    assert (CONTENT in text) == (SPACER in text) == (level != "paranoid")
    assert 'width="1" height="1" alt="">' in text
    assert 'width="400" height="200" alt="For you">' in text
    assert text.count("<img") == 4


GONE: dict[Level, set[Kind]] = {
    Level.STANDARD: {"pixel", "beacon"},
    Level.STRICT: {"pixel", "beacon", "personal"},
}


@pytest.mark.parametrize("level", GONE)
def test_verdicts_decide(level: Level) -> None:
    """Exactly the references whose verdict the level names are gone."""
    raw = html(FOUR)
    report = blocker.scan(raw)
    assert {judged.verdict.kind for judged in report.references} == {"pixel", "personal", "content", "spacer"}
    left = [judged.raw for judged in blocker.scan(promises(raw, level).raw).references]
    assert left == [judged.raw for judged in report.references if judged.verdict.kind not in GONE[level]]


@pytest.mark.parametrize("key", list(ROWS), ids="-".join)
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_paranoid_leaves_no_vector(key: tuple[str, str], encoding: str) -> None:
    """At paranoid each vector's URL is gone from the text, and nothing remote is left to fetch."""
    raw = html("<!-- é -->\r\n" + ROWS[key][0] + "\r\n<!-- é -->", encoding=encoding)
    done = promises(raw, "paranoid")
    assert done.refused is None
    assert done.changed
    assert "t.example" not in html_of(done.raw)
    assert blocker.scan(done.raw).references == ()


def test_replacements_are_safe_to_insert() -> None:
    """What is put in a vector's place cannot end an attribute, a url() or a tag, and contacts nobody."""
    for _, label in ROWS.values():
        new = replacement(label)
        assert new.isascii()
        assert not set(new) & set(" \t\r\n\"'<>()\\&")
        assert new.startswith(("data:", "about:blank", "#")) or new == ""


@pytest.mark.parametrize("name", RECEIPT_HEADERS)
@pytest.mark.parametrize("level", Level)
def test_receipt_headers_go(name: str, level: Level) -> None:
    """A field that asks for a receipt is taken out whole, at every level, even where nothing else is."""
    field = f"{name.title()}: a\r\n <b@t.example>\r\n".encode()
    raw = b"Subject: x\r\n" + field + b"To: y@example.org\r\n\r\nbody\r\n"
    done = promises(raw, level)
    assert done.raw[done.raw.index(b"Subject") :] == raw.replace(field, b"")
    assert b"receipts=1;" in done.raw


def test_our_field_stands_first() -> None:
    """It is the first header field, folded at 76; it tells level, counts and both digests, and the HMAC is of all that."""
    raw = html(FOUR)
    new = promises(raw, "strict").raw
    found = marker.read(new, KEY)
    assert found is not None
    assert (found.start, found.level, dict(found.counts)) == (0, "strict", {"pixel": 1, "personal": 1})
    assert found.sha256 == hashlib.sha256(raw).hexdigest()
    assert found.valid
    field = new[: found.end]
    assert all(len(line) <= 76 for line in field.split(b"\r\n"))
    words, _, mac = b"".join(field.partition(b":")[2].split()).partition(b"mac=")
    assert base64.urlsafe_b64decode(mac + b"=") == hmac.new(KEY, words, hashlib.sha256).digest()


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_after_an_envelope_line(end: bytes) -> None:
    """The line of an mbox stays the first, and offsets count from our field's end all the same."""
    raw = b"From a@example.org Mon Nov 23 10:00:00 2026" + end + html(FOUR).replace(b"\r\n", end)
    new = promises(raw).raw
    assert new.startswith(raw[: raw.index(b"\n") + 1] + b"X-Unpixel: v=1; level=standard;")


def test_trace_fields_that_others_add() -> None:
    """Fields put before ours stay when the message is turned back, and it is still known as neutralised."""
    raw = html(FOUR)
    traced = b"Received: from a\r\n by b\r\nReturn-Path: <x@example.org>\r\n"
    new = promises(raw).raw
    assert blocker.restore(traced + new) == traced + raw
    assert blocker.neutralise(traced + new, key=KEY).raw == traced + new


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _: b"Subject: x\r\n\r\nbody", "carries no X-Unpixel field"),
        (lambda _: b"", "carries no X-Unpixel field"),
        (lambda new: new + b"x", "changed after it was neutralised"),
        (lambda new: re.sub(rb"patch=[^;]*;", b"patch=catalogue;", new), "too large"),
        (lambda new: re.sub(rb"patch=[^;]*;", b"patch=AAAA;", new), "cannot be used"),
        (lambda new: re.sub(rb"from=....", b"from=AAAA", new), "digest differs"),
    ],
)
def test_restore_says_why_not(change: object, sentence: str) -> None:
    """Whatever cannot be turned back is said in a sentence, and nothing is given."""
    assert callable(change)
    new = change(blocker.neutralise(html(FOUR), key=KEY).raw)
    with pytest.raises(blocker.RestoreError, match=sentence) as raised:
        blocker.restore(new)
    assert str(raised.value)[0].isupper()
    assert str(raised.value).endswith(".")


def test_a_patch_that_leads_elsewhere() -> None:
    """A forged patch cannot make restoring write anything but the original whose digest the field names."""
    new = blocker.neutralise(html(FOUR)).raw
    forged = marker.field(
        "standard", {}, pack([Edit(0, 4, b"Bcc:")]), b"original", b"From: a\r\n\r\n", None, b"\r\n"
    )
    with pytest.raises(blocker.RestoreError, match="digest differs"):
        blocker.restore(forged + b"From: a\r\n\r\n")
    assert blocker.restore(new) == html(FOUR)


SEALED = [
    b'Content-Type: multipart/signed; boundary="s"\r\n\r\n--s\r\nContent-Type: text/html\r\n\r\n%s\r\n--s--\r\n',
    b'Content-Type: multipart/encrypted; boundary="s"\r\n\r\n--s\r\nContent-Type: text/html\r\n\r\n%s\r\n--s--\r\n',
    b"Content-Type: application/pkcs7-mime\r\n\r\nMII=",
    b"Content-Type: text/plain\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQ==\r\n-----END PGP MESSAGE-----\r\n",
]


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("sealed", SEALED)
def test_sealed_mail_is_never_rewritten(sealed: bytes, depth: int, level: Level) -> None:
    """Signed or encrypted at any depth: not a byte changes, and it says so, even where another part is tracked."""
    piece = sealed.replace(b"%s", PIXEL_TAG.encode())
    for number in range(depth):
        piece = parts(piece, b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n", boundary=f"x{number}")
    raw = HEAD + parts(b"Content-Type: text/html\r\n\r\n" + PIXEL_TAG.encode(), piece, boundary="top")
    done = blocker.neutralise(raw, level=level, key=KEY)
    assert done.raw == raw
    assert done.refused == SIGNED


@pytest.mark.parametrize("encoding", ["x-unknown", "x-uuencode"])
def test_unknown_encodings_are_left_alone(encoding: str) -> None:
    """What cannot be decoded for certain is not edited, and it says which part."""
    raw = mail(PIXEL_TAG.encode(), "text/html", encoding)
    done = blocker.neutralise(raw, key=KEY)
    assert done.raw == raw
    assert done.refused is not None
    assert "part 1 " in done.refused


def test_a_header_that_begins_folded_is_left_alone() -> None:
    """Such a line would become part of our field."""
    raw = b" folded\r\n" + html(FOUR)
    done = promises(raw)
    assert done.refused is not None
    assert "folded" in done.refused


@pytest.mark.parametrize("key", [None, KEY])
def test_raising_the_level_later(key: bytes | None) -> None:
    """With the key the original is neutralised anew at the new level; without it each step can be undone."""
    raw = html(FOUR)
    standard = blocker.neutralise(raw, key=key).raw
    strict = blocker.neutralise(standard, level="strict", key=key)
    assert strict.changed
    assert PERSONAL not in html_of(strict.raw)
    if key is None:
        assert blocker.restore(blocker.restore(strict.raw)) == raw
        assert blocker.restore(strict.raw) == standard
    else:
        assert strict.raw == blocker.neutralise(raw, level="strict", key=key).raw
        assert blocker.restore(strict.raw) == raw
    assert blocker.neutralise(strict.raw, level="standard", key=key).raw == strict.raw


def test_a_forged_marker_protects_nothing() -> None:
    """A sender who writes our field himself, digest and all, is neutralised like anyone else; the field is kept."""
    body = html(FOUR)
    forged = marker.field("paranoid", {"pixel": 9}, pack([]), body, body, b"guess", b"\r\n")
    done = promises(forged + body)
    assert done.changed
    assert PIXEL not in html_of(done.raw)
    assert forged in done.raw
    ours = marker.read(done.raw, KEY)
    assert ours is not None
    assert (ours.valid, ours.level) == (True, "standard")


def test_a_message_neutralised_with_a_key_is_known_without_it() -> None:
    """Neutralising without the key what was neutralised with it changes nothing."""
    new = blocker.neutralise(html(FOUR), key=KEY).raw
    assert blocker.neutralise(new).raw == new


@pytest.mark.parametrize("level", Level)
def test_many_copies_hide_nothing(level: Level) -> None:
    """Repeating a pixel beyond the bound of what is judged does not save it."""
    raw = html(PIXEL_TAG * 2100 + "<p>end")
    done = blocker.neutralise(raw, level=level)
    assert done.refused is None
    assert PIXEL not in html_of(done.raw)
    assert blocker.restore(done.raw) == raw


def test_a_large_patch_stays_out_of_the_header() -> None:
    """Above 32 KB the field names the catalogue, the patch is handed over, and it still undoes the change."""

    def sha(n: int) -> str:
        return hashlib.sha512(str(n).encode()).hexdigest()

    tags = "".join(f'<img src="https://t.sender.example/{sha(n)}{sha(-n)}">' for n in range(400))
    raw = html(tags)
    done = blocker.neutralise(raw, level="paranoid", key=KEY)
    assert done.patch is not None
    assert b"patch=catalogue;" in done.raw
    found = marker.read(done.raw, KEY)
    assert found is not None
    assert found.valid and found.patch is None and found.end < 2000
    assert apply_edits(done.raw[found.end :], unpack(done.patch)) == raw
    with pytest.raises(blocker.RestoreError, match="quarantine"):
        blocker.restore(done.raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"no header",
        html("<p>plain</p>"),
        html(f'<img src="{CONTENT}" width="300" height="80">'),
        mail(b"text " + PIXEL.encode(), "text/plain"),
        html(f'<a href="{PIXEL}">read</a>'),
    ],
)
def test_nothing_to_do(raw: bytes) -> None:
    """A message without spies is given back as it is, without a field and without a refusal."""
    done = blocker.neutralise(raw, key=KEY)
    assert (done.raw, done.changed, done.refused, done.patch) == (raw, False, None, None)


def test_a_report_of_another_message_is_not_used() -> None:
    """Spans of one message never cut another."""
    report = blocker.scan(html("<p>shift everything</p>" + FOUR))
    done = blocker.neutralise(html(FOUR), report=report)
    assert blocker.restore(done.raw) == html(FOUR)
    assert PIXEL not in html_of(done.raw)


def test_an_address_that_would_still_be_loaded() -> None:
    """Where a report names only one of two places that load an address, nothing is changed, and it says why."""
    raw = html(PIXEL_TAG + f"<p>{PIXEL_TAG}")
    report = blocker.scan(raw)
    done = blocker.neutralise(raw, report=report.having(references=report.references[:1]))
    assert done.raw == raw
    assert done.refused is not None
    assert "still be loaded" in done.refused


def test_the_same_report_gives_the_same_message() -> None:
    """Handing the report over saves the scan and changes nothing."""
    raw = html(FOUR)
    assert (
        blocker.neutralise(raw, report=blocker.scan(raw), key=KEY).raw == blocker.neutralise(raw, key=KEY).raw
    )


TRACKED = st.sampled_from([PIXEL_TAG, f"<td background='{PIXEL}'>", f"<p style=\"background:url('{PIXEL}')\">", f"<img src='{CONTENT}'>",
    f"<img srcset='{PIXEL} 1x, {CONTENT} 2x'>", f"<style>a{{b:url({PIXEL})}}</style>", f"<!--[if mso]>{PIXEL_TAG}<![endif]-->",
    f"<a href='{PIXEL}'>", "é", "\r\n", "\n", " ", "=", "<p>", "</p>", "漢字\U0001f600", "&amp;", "<", "x" * 80, "<table>", "<svg>", "<textarea>",
    "</svg>", "</textarea>", "<!--", "-->", "<style>", "\0"])  # fmt: skip
MARKUP = st.lists(TRACKED, max_size=12).map("".join)
CHARSETS = st.sampled_from(["utf-8", "utf-16", "gb18030", "utf-8", "x-nonsense"])
ENCODINGS = st.sampled_from(["8bit", "quoted-printable", "base64", "", "x-unknown"])


@st.composite
def leaf(draw: st.DrawFn) -> bytes:
    """A part with markup of any charset and encoding."""
    charset, encoding = draw(CHARSETS), draw(ENCODINGS)
    kind = draw(st.sampled_from(["text/html", "text/html", "text/plain", "image/svg+xml"]))
    body = encoded(draw(MARKUP).encode("utf-8" if charset == "x-nonsense" else charset), encoding)
    fields = f"Content-Type: {kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return fields.encode() + body


@st.composite
def tree(draw: st.DrawFn, children: st.SearchStrategy[bytes]) -> bytes:
    """A multipart or an attached message around parts; at times cut short."""
    if draw(st.booleans()):
        return b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" + draw(children)
    boundary = f"b{draw(st.integers(0, 99))}"
    kind = draw(
        st.sampled_from(["multipart/mixed", "multipart/alternative", "multipart/related", "multipart/digest"])
    )
    whole = parts(*draw(st.lists(children, min_size=1, max_size=3)), kind=kind, boundary=boundary)
    return whole[: -draw(st.integers(1, 12))] if draw(st.integers(0, 5)) == 0 else whole


FIELDS = st.sampled_from(
    [
        b"",
        b"Disposition-Notification-To: x@t.example\r\n",
        b"From a@b Mon\r\n",
        b"X: \xe9\r\n",
        b"X-Unpixel: y\r\n",
        b": z\r\n",
    ]
)
MESSAGES = st.builds(lambda first, head, body, eol: (first + head + body).replace(b"\r\n", eol),
    FIELDS, st.sampled_from([HEAD, b""]), st.recursive(leaf(), tree, max_leaves=5), st.sampled_from([b"\r\n", b"\r\n", b"\n"]))  # fmt: skip


@given(MESSAGES, st.sampled_from(Level), st.sampled_from([None, KEY]))
def test_any_message(raw: bytes, level: Level, key: bytes | None) -> None:
    """Every promise holds for any message, at any level, with and without a key."""
    promises(raw, level, key)


@given(st.binary(max_size=400), st.sampled_from(Level))
def test_any_bytes(raw: bytes, level: Level) -> None:
    """Bytes that are no message at all come through."""
    promises(raw, level)
    try:
        blocker.restore(raw)
    except blocker.RestoreError as error:
        assert str(error)


@pytest.mark.parametrize("head", [b"Content-Type: text/html; x*0*=a; x*=b; x*1=c", b"Content-Type: text/html; charset=undefined", b"Content-Type: text/html; charset*=x''%FF",
    b"Content-Type: text/html; name*" + b"9" * 5000 + b"=1", b"Content-Type: text/html; charset=idna", b"From: " + b"(" * 3000 + b"\r\nContent-Type: text/html",
    b"Date: " + b"9" * 9000 + b"\r\nContent-Type: text/html", b"Subject: =?undefined?b?AA==?=\r\nContent-Type: text/html"])  # fmt: skip
def test_broken_headers(head: bytes) -> None:
    """Header fields that break other parsers break nothing here: the message is neutralised, or left with a reason."""
    raw = head + b"\r\n\r\n" + PIXEL_TAG.encode()
    done = blocker.neutralise(raw, key=KEY)
    if done.changed:
        assert PIXEL.encode() not in done.raw[done.raw.index(b"\r\n\r\n") :]
        assert blocker.restore(done.raw) == raw
    else:
        assert done.refused


@pytest.mark.parametrize(
    "markup",
    [
        "<img srcset='{} 1x, &#" + "9" * 5000 + ";'>",
        "<img srcset='{} 1x, &amp;#" + "9" * 5000 + ";'>",
        "<p style='a:url({});b:&#" + "9" * 5000 + "'>",
        "<!--[if mso]><img src='{}' alt='&#" + "9" * 5000 + ";'><![endif]-->",
        "<p title='&#" + "9" * 5000 + "'><img src='{}'>&#" + "9" * 5000,
        "<style>a{{b:url({})}}</style><p style='&#" + "9" * 5000 + "'>",
    ],
)
def test_character_references_of_any_length(markup: str) -> None:
    """A number that Python refuses to read protects no pixel."""
    done = promises(html(markup.format(PIXEL)))
    assert done.changed
    assert PIXEL not in html_of(done.raw)


def test_a_message_of_megabytes() -> None:
    """Ten megabytes with a pixel at the end are neutralised within seconds."""
    raw = html("<p>text</p>\r\n" * 600_000 + PIXEL_TAG, encoding="base64")
    started = time.process_time()
    done = blocker.neutralise(raw, key=KEY)
    assert time.process_time() - started < 30
    assert blocker.restore(done.raw) == raw


DEEP = {
    "elements inside each other": "<div>" * 20_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">",
    "attributes without a value": "<p " + " ".join(f"a{n}" for n in range(50_000)) + ">",
    "pixels": PIXEL_TAG * 3000,
    "styles": f"<p style='a:url({PIXEL})'>" * 3000,
    "one style": "<p style='" + f"a:url({PIXEL});" * 3000 + "'>",
    "one srcset": "<img srcset='" + f"{PIXEL} 1x," * 3000 + "'>",
    "one sheet": "<style>" + f"a{{b:url({PIXEL})}}" * 3000 + "</style>",
    "conditional comments": f"<!--[if mso]>{PIXEL_TAG}<![endif]-->" * 3000,
    "brackets": "<" * 200_000,
}


@pytest.mark.parametrize("name", DEEP)
def test_hostile_markup_takes_seconds_at_most(name: str) -> None:
    """Markup made to keep us busy neither does so nor keeps its pixel."""
    raw = html(DEEP[name] + PIXEL_TAG)
    started = time.process_time()
    done = blocker.neutralise(raw, level="paranoid", key=KEY)
    assert time.process_time() - started < 6
    if name != "brackets":
        assert done.refused is None
        assert PIXEL not in html_of(done.raw)


def test_placeholder() -> None:
    """The picture that takes a pixel's place is a GIF of one transparent pixel."""
    data = base64.b64decode(TRANSPARENT.partition(",")[2])
    assert data.startswith(b"GIF89a\x01\x00\x01\x00")
    assert data[19:27] == b"!\xf9\x04\x01\x00\x00\x00\x00"


NESTED = FIXTURES / "cases" / "hostile" / "nested-own-fields.eml"
"""Our field in the original that another one's patch leads to, and so on, each unfolding to much."""


@pytest.mark.parametrize("key", [None, KEY])
def test_own_fields_in_each_other(key: bytes | None) -> None:
    """At most one level is undone, and with a key none that it did not sign: the mail costs what any of its size does."""
    raw = NESTED.read_bytes()
    started = time.process_time()
    tracemalloc.start()
    done = blocker.neutralise(raw, key=key)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - started < 3
    assert peak < 32 << 20
    assert done.changed
    assert blocker.restore(done.raw, key=key) == raw


def test_with_a_key_a_foreign_field_is_not_undone() -> None:
    """What somebody else neutralised, or says so, is no work of this installation: its patch is not even unfolded."""
    raw = html(FOUR)
    theirs = blocker.neutralise(raw, key=b"theirs").raw
    assert blocker.restore(theirs) == raw
    with pytest.raises(blocker.RestoreError, match="not of this installation"):
        blocker.restore(theirs, key=KEY)
    again = blocker.neutralise(theirs, level="strict", key=KEY)
    assert again.changed
    assert blocker.restore(again.raw, key=KEY) == theirs


def test_what_a_header_carries_unfolds_to_little() -> None:
    """A patch that deflates well is kept elsewhere all the same: without a key nobody would unfold it."""
    image = f'<img src="{PIXEL}{"a" * 2000}" width=1 height=1>\r\n'
    raw = html(image * 700)
    done = blocker.neutralise(raw)
    assert done.patch is not None
    assert len(done.patch) < MAX_PATCH
    found = marker.read(done.raw)
    assert found is not None
    assert found.patch is None
    assert blocker.restore(done.raw, lambda _: done.patch) == raw
