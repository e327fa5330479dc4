"""Text is decoded as a reader shows it, and each character leads back to its bytes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.message.charset import decode_text

MULTIBYTE = [
    "shift_jis",
    "iso-2022-jp",
    "gb18030",
    "gb2312",
    "gbk",
    "euc-kr",
    "euc-jp",
    "big5",
    "hz",
    "iso-2022-kr",
    "johab",
]
SINGLE = [
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1256",
    "koi8-r",
    "iso-8859-15",
    "mac-roman",
    "cp866",
    "tis-620",
]
UNICODE = ["utf-8", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be", "utf-7"]
WORDS = {
    "shift_jis": "あア漢 b", "iso-2022-jp": "あア漢 b", "euc-jp": "あア漢 b", "gb18030": "汉字𝒳é b", "gb2312": "汉字 b", "gbk": "漢字 b",
    "euc-kr": "한글 b", "iso-2022-kr": "한글 b", "johab": "한글 b", "big5": "漢字 b", "hz": "汉字 b", "windows-1250": "ěšč b",
    "windows-1251": "Привет b", "windows-1252": "é€œ b", "windows-1256": "سلام b", "koi8-r": "Привет b", "iso-8859-15": "é€ b",
    "mac-roman": "é€ b", "cp866": "Привет b", "tis-620": "ไทย b",
}  # fmt: skip


def sample(charset: str) -> str:
    """Markup with characters of the charset on both sides of a URL."""
    word = WORDS.get(charset, "é漢\U0001f600 b")
    return (
        f'<p>{word}</p><img src="http://t.example/{"" if charset == "x" else "a"}.gif"> {word}<b>x</b>{word}'
    )


@pytest.mark.parametrize("charset", MULTIBYTE + SINGLE + UNICODE)
def test_ascii_runs_lead_back(charset: str) -> None:
    """Between two offsets of an ASCII run stand exactly its bytes, so that they can be replaced."""
    text = sample(charset)
    data = text.encode(charset)
    ours = decode_text(data, charset)
    shown = ours.text.removeprefix("\ufeff")
    assert shown == text
    at = ours.text.index("http://")
    end = ours.text.index('">')
    piece = data[ours.offset(at) : ours.offset(end)]
    assert piece == ours.encode("http://t.example/a.gif")
    if charset != "utf-7":  # Python's decoder gives the characters of a shifted run together
        assert ours.offset(len(ours.text)) == len(data)


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-8"])
@given(text=st.text(max_size=40), data=st.data())
def test_every_character_leads_back(charset: str, text: str, data: st.DataObject) -> None:
    """In Unicode's encodings the bytes between any two characters' offsets are those characters."""
    raw = text.encode(charset, "replace")
    ours = decode_text(raw, charset)
    assert ours.text == raw.decode(charset)
    first = data.draw(st.integers(0, len(ours.text)))
    last = data.draw(st.integers(first, len(ours.text)))
    assert raw[ours.offset(first) : ours.offset(last)] == ours.text[first:last].encode(charset)


@pytest.mark.parametrize("charset", ["utf-16", "utf-32"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_byte_order_marks(charset: str, order: str) -> None:
    """A byte-order mark decides the order and is no part of the text; without one, little-endian is taken."""
    text = "<p>é\U0001f600</p>"
    plain = text.encode(f"{charset}-{order}")
    mark = "\ufeff".encode(f"{charset}-{order}")
    ours = decode_text(mark + plain, charset)
    assert ours.text == text
    assert ours.offset(0) == len(mark)
    assert (mark + plain)[ours.offset(3) : ours.offset(5)] == "é\U0001f600".encode(f"{charset}-{order}")
    assert ours.encode("ab") == "ab".encode(f"{charset}-{order}")
    if order == "le":
        assert decode_text(plain, charset).text == text


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        (None, b"abc", "abc"),
        (None, "é".encode(), "é"),
        (None, b"\xe9", "é"),
        ("utf-8", b"\xe9 \xc3\xa9", "é Ã©"),
        ("us-ascii", "é".encode(), "é"),
        ("us-ascii", b"\xe9", "é"),
        ("iso-8859-1", b"\x80\xe9", "€é"),
        ("latin1", b"\x93", "“"),
        ("nonsense", "é".encode(), "é"),
        ("nonsense", b"\xe9", "é"),
        ("x" * 100, b"\xe9", "é"),
        ("", b"\xe9", "é"),
        ("base64", b"YQ==", "YQ=="),
        ("rot13", b"abc", "abc"),
        ("idna", b"xn--a", "xn--a"),
        ("punycode", b"abc-", "abc-"),
        ("unicode_escape", b"\\x41", "\\x41"),
        ("raw_unicode_escape", b"\\u0041", "\\u0041"),
        ("undefined", b"abc", "abc"),
        ("charmap", b"abc\xe9", "abcé"),
        ("utf_8_sig", b"\xef\xbb\xbfa", "\ufeffa"),
        ("UTF8", "é".encode(), "é"),
        ("a\0b", b"abc", "abc"),
        ("../x", b"abc", "abc"),
        ("utf-16", b"a", "\ufffd"),
        ("utf-7", b"+2AA-x", "\ufffdx"),
    ],
)
def test_names_and_mistakes(charset: str | None, data: bytes, text: str) -> None:
    """Unknown names, wrong names and names of no charset are read as well as can be."""
    assert decode_text(data, charset).text == text


@pytest.mark.parametrize(
    "charset", [*MULTIBYTE, *SINGLE, *UNICODE, "nonsense", "undefined", "cp037", "cp65001", "iso2022_jp_2004"]
)
@given(data=st.binary(max_size=40))
def test_any_bytes_are_text(charset: str, data: bytes) -> None:
    """Decoding never fails, gives text that can be encoded, and offsets that ascend within the bytes."""
    ours = decode_text(data, charset)
    ours.text.encode("utf-8")
    offsets = [ours.offset(index) for index in range(len(ours.text) + 1)]
    assert offsets == sorted(offsets)
    assert not offsets or 0 <= offsets[0] <= offsets[-1] <= len(data)


@pytest.mark.parametrize("charset", ["iso-2022-jp", "iso-2022-kr", "iso2022_jp_ext", "hz", "utf-7"])
@given(
    pieces=st.lists(
        st.sampled_from([b"\x1b", b"(", b"$", b"B", b"~", b"+", b"{", b"}", b"-", b"\xff", b"2AA"]),
        max_size=12,
    )
)
def test_broken_escapes_do_no_harm(charset: str, pieces: list[bytes]) -> None:
    """Escape sequences that lead nowhere give text and offsets all the same."""
    data = b"".join(pieces)
    ours = decode_text(data, charset)
    ours.text.encode("utf-8")
    offsets = [ours.offset(index) for index in range(len(ours.text) + 1)]
    assert offsets == sorted(offsets)
    assert not offsets or offsets[-1] <= len(data)


@given(st.text(alphabet="abz019-_ .:/\\é\0", max_size=30))
def test_any_name_is_taken(name: str) -> None:
    """No charset name makes decoding fail."""
    assert decode_text(b"<p>\xc3\xa9", name).text


@pytest.mark.parametrize("charset", ["utf-16", "iso-2022-jp", "utf-7", "gb18030", "utf-8"])
def test_a_megabyte_is_mapped_in_a_second(charset: str) -> None:
    """The offset map of a long text is built once, in linear time."""
    data = ("<p>" + WORDS.get(charset, "é漢") + "</p>\n").encode(charset) * (1 << 15)
    started = time.process_time()
    ours = decode_text(data, charset)
    for index in range(0, len(ours.text), 1000):
        ours.offset(index)
    assert time.process_time() - started < 2 * len(data) / (1 << 19)
