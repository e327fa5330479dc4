"""Edits touch only the bytes that must change, in every transfer encoding and charset."""

from __future__ import annotations

import base64
import re
import time

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from blocker.message.read import read
from blocker.message.transfer import decode
from blocker.rewrite.patch import Edit, apply_edits
from blocker.rewrite.splice import Replacement, Uneditable, splice
from tests.message.samples import encoded, mail


def spliced(
    body: bytes, encoding: str, wanted: dict[str, str], charset: str = "utf-8"
) -> tuple[bytes, list[Edit]]:
    """The body with each text replaced, and the edits; `wanted` maps text to replacement."""
    raw = mail(body, f"text/html; charset={charset}", encoding)
    (document,) = read(raw).documents
    found = []
    for text, new in wanted.items():
        start = document.text.index(text)
        found.append(Replacement(start, start + len(text), new))
    edits, _ = splice(document, sorted(found))
    return apply_edits(body, edits), edits


def touched(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """What is left of both once their common beginning and end are taken away: an independent diff."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end], after[start : len(after) - end]


@pytest.mark.parametrize("encoding", ["", "7bit", "8bit", "binary"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_identity(encoding: str, newline: bytes) -> None:
    """Where nothing is encoded the value's own bytes change, and no other."""
    body = b"<p>x</p>" + newline + b"<img src='OLD'>" + newline + b"end"
    after, edits = spliced(body, encoding, {"OLD": "new!"})
    assert after == body.replace(b"OLD", b"new!")
    assert edits == [Edit(body.index(b"OLD"), body.index(b"OLD") + 3, b"new!")]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<img src=3D'OLD'>", b"<img src=3D'n=3Dw'>"),
        (b"<img src=3D'O=\nLD'>", b"<img src=3D'n=3Dw'>"),
        (b"<img src=3D'=\nOLD=\n'>", b"<img src=3D'=\nn=3Dw=\n'>"),
        (b"<img src=3D'=4FL=44'>", b"<img src=3D'n=3Dw'>"),
        (b"<img src=3D'=\nOLD'> =\n\xc3\xa9=C3=A9", b"<img src=3D'=\nn=3Dw'> =\n\xc3\xa9=C3=A9"),
        (b"OLD", b"n=3Dw"),
        (b"OLD\nx", b"n=3Dw\nx"),
        (b"x\nOLD=\n", b"x\nn=3Dw=\n"),
    ],
)
def test_quoted_printable(before: bytes, after: bytes, newline: bytes) -> None:
    """Soft breaks around the value stay, those inside it go, everything else stays as it is encoded."""
    before, after = before.replace(b"\n", newline), after.replace(b"\n", newline)
    assert spliced(before, "quoted-printable", {"OLD": "n=w"})[0] == after


TEXT = st.text(alphabet="abc =<>é\n", max_size=120)
NEW = st.text(alphabet="datimge:/;,=+RGAH", min_size=0, max_size=200)


@example("", "", "d" * 200, "=" * 100, "", b"\r\n", 10)
@example("abc", "abc", "d" * 73, "d" * 76, "abc" * 20, b"\n", 30)
@given(TEXT, TEXT, NEW, NEW, TEXT, st.sampled_from([b"\n", b"\r\n"]), st.integers(1, 150))
def test_quoted_printable_lines(
    head: str, middle: str, first: str, second: str, tail: str, newline: bytes, size: int
) -> None:
    """Lines that were at most 76 characters long still are; the text is what was meant; the rest is untouched."""
    old, other = "O" * size, "P" * size
    body = encoded((head + old + middle + other + tail).encode(), "quoted-printable").replace(
        b"\r\n", newline
    )
    assume(all(len(line) <= 76 for line in body.split(newline)))
    after, edits = spliced(body, "quoted-printable", {old: first, other: second})
    assert all(len(line) <= 76 for line in after.split(newline))
    meant = head + first + middle + second + tail
    assert decode("quoted-printable", after).decode().replace("\r\n", "\n") == meant
    assert len(edits) == 2
    for edit in edits:
        assert set(decode("quoted-printable", body[edit.start : edit.end])) <= {ord("O"), ord("P")}


def test_long_quoted_printable_lines_stay_long() -> None:
    """A line that was longer than the rule allows is not folded by us."""
    body = b"x" * 200 + b"OLD" + b"y" * 200
    after, _ = spliced(body, "quoted-printable", {"OLD": "new"})
    assert b"y" * 200 in after
    assert b"x" * 200 in after


WIDTH = st.sampled_from([4, 19, 60, 72, 76, 100_000])


@given(
    st.binary(max_size=90).map(lambda data: data.hex()),
    st.integers(1, 60),
    st.integers(0, 60),
    st.binary(max_size=90).map(lambda data: data.hex()),
    WIDTH,
    st.sampled_from([b"\n", b"\r\n"]),
    st.sampled_from([b"", b"\n", b"\r\n\r\n", b" \n"]),
)
def test_base64(
    head: str, size: int, length: int, tail: str, width: int, newline: bytes, final: bytes
) -> None:
    """A replacement that fits touches the groups that hold the value, in place; a longer one, what follows."""
    old, new = "O" * size, "n" * length
    text = base64.b64encode((head + old + tail).encode())
    body = newline.join(text[i : i + width] for i in range(0, len(text), width)) + final
    after, edits = spliced(body, "base64", {old: new})
    decoded = decode("base64", after).decode()
    assert decoded == head + new + " " * max(size - length, 0) + tail
    lines, old_lines = after.split(newline), body.split(newline)
    if length <= size:
        assert len(after) == len(body)
        assert [len(line) for line in lines] == [len(line) for line in old_lines]
        groups = sum(edit.end - edit.start for edit in edits)
        assert groups <= 4 * (size // 3 + 2)
    else:
        lines = re.split(rb"\r?\n", after)
        longest = max(len(line.rstrip()) for line in lines)
        assert longest <= max(76 if b"\n" not in body else 0, *map(len, old_lines))
        begin = edits[0].start
        assert after[:begin] == body[:begin]
    assert after.endswith(final)


def test_base64_two_values_in_one_group() -> None:
    """Two short values that share a group of four characters are both replaced."""
    body = base64.b64encode(b"<a>OP</a>")
    assert decode("base64", spliced(body, "base64", {"O": "n", "P": "m"})[0]) == b"<a>nm</a>"


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize(
    "charset",
    [
        "utf-8",
        "utf-16",
        "utf-16le",
        "utf-32",
        "shift_jis",
        "iso-2022-jp",
        "gb18030",
        "euc-kr",
        "big5",
        "windows-1252",
        "koi8-r",
        "x-nonsense",
    ],
)
def test_charsets(charset: str, encoding: str) -> None:
    """Whatever the charset: the value changes, the characters around it stay."""
    word = {"windows-1252": "é€", "koi8-r": "Привет", "euc-kr": "한글"}.get(charset, "漢字")
    codec = "utf-8" if charset == "x-nonsense" else charset
    text = f"<p>{word}</p><img src='OLDOLDOLD'><p>{word}</p>"
    body = encoded(text.encode(codec), encoding)
    after, _ = spliced(body, encoding, {"OLDOLDOLD": "new"}, charset)
    assert decode(encoding, after).decode(codec).replace("new" + " " * 6, "new") == text.replace(
        "OLDOLDOLD", "new"
    )
    assert len(touched(body, after)[0]) <= 4 * len(encoded("OLDOLDOLD".encode(codec), encoding)) + 8


@pytest.mark.parametrize(
    ("body", "encoding", "charset"),
    [
        (b"begin 644 x\n#3TQ$\n`\nend\n", "x-uuencode", "utf-8"),
        (b"<OLD>", "x-unknown", "utf-8"),
        (base64.b64encode(b"more!!") + b"!!!!" + base64.b64encode(b"<OLD>x"), "base64", "utf-8"),
        (b"+AE8ATABEAEU-", "8bit", "utf-7"),
    ],
)
def test_what_cannot_be_edited_with_certainty(body: bytes, encoding: str, charset: str) -> None:
    """Unknown encodings, broken base64 and shifted runs are left alone and said so in words."""
    with pytest.raises(Uneditable, match="part 1 "):
        spliced(body, encoding, {"OLD": "new"}, charset)


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (b"PE9MRD54!!!!bW9yZQ==", b"PG5ldz54!!!!bW9yZQ=="),
        (b"bW9yZQ==\r\nPE9MRD54\r\n", b"bW9yZQ==\r\nPG5ldz54\r\n"),
    ],
)
def test_base64_is_edited_as_far_as_it_is_certain(body: bytes, after: bytes) -> None:
    """Before what is no base64, and behind the padding of a piece before, letters are changed and nothing else."""
    assert spliced(body, "base64", {"OLD": "new"})[0] == after


def test_a_piece_of_base64_may_grow() -> None:
    """A longer text goes into a piece that ends with its padding; not before what some programs pass over."""
    changed, _ = spliced(b"bW9yZQ==\r\nPE9MRD4=\r\nbW9yZQ==", "base64", {"OLD": "longer"})
    assert decode("base64", changed) == b"more<longer>more"
    assert changed.startswith(b"bW9yZQ==\r\n") and changed.endswith(b"\r\nbW9yZQ==")
    with pytest.raises(Uneditable, match="part 1 "):
        spliced(b"PE9MRD54!!!!bW9yZQ==", "base64", {"OLD": "longer"})


PIECE = st.lists(
    st.sampled_from(
        [
            b"a",
            b"=",
            b"=3D",
            b"=\n",
            b"=\r\n",
            b"\n",
            b"\r\n",
            b" ",
            b"\t",
            b"=zz",
            b"\r",
            b"\xc3\xa9",
            b"z" * 30,
        ]
    ),
    max_size=10,
).map(b"".join)


@given(PIECE, PIECE, PIECE, st.text(alphabet="data:,=x/", max_size=90))
def test_broken_quoted_printable(head: bytes, inside: bytes, tail: bytes, new: str) -> None:
    """Whatever the encoder did wrong: the edited body says what was meant, or nothing is edited."""
    body = head + b"O" + inside + b"P" + tail
    raw = mail(body, "text/html; charset=utf-8", "quoted-printable")
    (document,) = read(raw).documents
    match = re.search("O[^P]*P", document.text)
    assume(match is not None)
    assert match is not None
    try:
        edits, _ = splice(document, [Replacement(match.start(), match.end(), new)])
    except Uneditable:
        return
    (after,) = read(mail(apply_edits(body, edits), "text/html; charset=utf-8", "quoted-printable")).documents
    assert after.text == document.text[: match.start()] + new + document.text[match.end() :]


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_many_edits_take_linear_time(encoding: str) -> None:
    """Two thousand edits of a megabyte take about a second."""
    text = ("<p>" + "x" * 300 + "OLD" + "O" * 200 + "</p>\r\n") * 2000
    body = encoded(text.encode(), encoding)
    raw = mail(body, "text/html; charset=utf-8", encoding)
    (document,) = read(raw).documents
    found = [Replacement(m.start(), m.end(), "n") for m in re.finditer("OLDO+", document.text)]
    started = time.process_time()
    splice(document, found)
    assert time.process_time() - started < 3
