"""Text is decoded as a reader shows it, and each character leads back to its bytes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webencodings.labels import LABELS  # type: ignore[import-untyped,unused-ignore]

from blocker.message.charset import Codec, decode_text, other_codecs
from blocker.message.labels import is_ascii_safe, meaning

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


@pytest.mark.parametrize(
    ("label", "codec", "others"),
    [
        ("utf-8", "utf-8", ()),
        (" 'UTF-8' ", "utf-8", ()),
        ('"utf8";', "utf-8", ()),
        ("us-ascii", "utf-8", ()),
        ("latin1", "cp1252", ()),
        ("x-sjis", "cp932", ()),
        ("windows-31j", "cp932", ()),
        ("MS_Kanji", "cp932", ()),
        ("gb2312", "gb18030", ()),
        ("x-gbk", "gb18030", ()),
        ("ks_c_5601-1987", "cp949", ()),
        ("big5-hkscs", "big5hkscs", ()),
        ("iso-8859-8-i", "iso8859-8", ()),
        ("x-mac-cyrillic", "mac-cyrillic", ()),
        ("x-user-defined", "x-user-defined", ()),
        ("iso-2022-jp", "iso2022_jp", ()),
        ("unicode", "utf-16-le", ("utf-16-be", "utf-8")),
        ("ucs-2", "utf-16-le", ("utf-16-be", "utf-8")),
        ("utf-16", "utf-16-le", ("utf-16-be", "utf-8")),
        ("unicodefffe", "utf-16-be", ("utf-16-le", "utf-8")),
        ("utf-7", "utf-7", ("utf-8",)),
        ("unicode-1-1-utf-7", "utf-7", ("utf-8",)),
        ("hz-gb-2312", "hz", ("utf-8",)),
        ("iso-2022-kr", "iso2022_kr", ("utf-8",)),
        ("cp936", "gb18030", ("utf-8",)),
        ("windows-932", "cp932", ("utf-8",)),
        ("ibm037", "cp037", ("utf-8",)),
        ("x-mac-japanese", "cp932", ("utf-8",)),
    ],
)
def test_labels(label: str, codec: str, others: tuple[str, ...]) -> None:
    """Names mean what browsers take them for; where mail programs take them otherwise, that is another reading."""
    assert meaning(label)[:2] == (codec, others)
    assert meaning(label).known


def test_every_label_of_the_standard_is_known() -> None:
    """But for those that mean `replacement`, of which browsers read nothing: each has a codec, ASCII-compatible or wide."""
    for label, name in LABELS.items():
        found = meaning(label)
        assert found.known or name == "replacement"
        if name != "replacement":
            assert bool(found.others) == name.startswith("utf-16")
            assert found.others or is_ascii_safe(found.codec) or found.codec == "iso2022_jp"


@pytest.mark.parametrize(
    ("label", "letter"), [("x-sjis", b"\x95\\"), ("gb2312", b"\x95\\"), ("big5", b"\xa5\\")]
)
def test_the_second_byte_of_a_letter_is_no_backslash(label: str, letter: bytes) -> None:
    """0x5C behind a lead byte is half a letter; alone it is a backslash, in shift_jis too."""
    text = decode_text(b'"' + letter + b'"\\', label).text
    assert text[0] == text[2] == '"' and text[1] != "\\" and text[3:] == "\\"


@pytest.mark.parametrize("codec", ["cp932", "gb18030", "big5hkscs", "cp949", "euc_jp"])
def test_markup_outlives_a_broken_letter(codec: str) -> None:
    """A lead byte before what ends no letter takes nothing of the markup with it (Encoding, section 4: ASCII is put back)."""
    for lead in range(0x80, 0x100):
        for between in (b"", b"3", b"\x81"):
            decoded = decode_text(bytes((lead,)) + between + b"<img>", Codec(codec)).text
            assert decoded.endswith("<img>")


@pytest.mark.parametrize("charset", [None, "utf-8", "us-ascii", "gbk", "utf-16be", "iso-2022-jp", "nonsense"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_mark_outranks_what_is_declared(charset: str | None, codec: str) -> None:
    """The bytes at the start decide; who goes by the declared name reads it in another way, which is told."""
    data = ("\ufeff" + "<p>é</p>").encode(codec)
    assert decode_text(data, charset).text.lstrip("\ufeff") == "<p>é</p>"
    if charset == "gbk":
        assert "gb18030" in other_codecs(data, charset)


@pytest.mark.parametrize(
    "head",
    [
        '<meta charset="x-sjis">',
        "<META HTTP-EQUIV=Content-Type CONTENT='text/html; charset=Shift_JIS'>",
        '<?xml version="1.0" encoding="shift_jis"?>',
    ],
)
@pytest.mark.parametrize("charset", [None, "nonsense", "unknown-8bit", ""])
def test_a_charset_that_the_markup_names(head: str, charset: str | None) -> None:
    """It counts where the header names none that is known; not where it does, and not behind the first kilobyte."""
    data = head.encode() + "表".encode("cp932")
    assert decode_text(data, charset).text.endswith("表")
    assert not decode_text(data, "iso-8859-1").text.endswith("表")
    assert not decode_text(b" " * 1024 + data, charset).text.endswith("表")


def test_what_is_named_in_ascii_is_not_utf_16() -> None:
    """HTML, section 13.2.3.2: such a name means UTF-8; without a name the bytes themselves tell."""
    assert decode_text(b"<meta charset=utf-16><p>", None).text == "<meta charset=utf-16><p>"
    for codec in ("utf-16-le", "utf-16-be"):
        assert decode_text("\n<p>é".encode(codec), None).text == "\n<p>é"


@pytest.mark.parametrize(
    "charset", [None, "utf-8", "us-ascii", "iso-8859-1", "windows-1252", "gbk", "x-unknown"]
)
@given(st.text(max_size=40))
def test_ordinary_charsets_have_one_reading(charset: str | None, text: str) -> None:
    """Nothing is read twice where no program reads other markup."""
    data = b"<p>" + text.replace("=", "").encode("utf-8", "replace")
    assert other_codecs(data.replace(b"\0", b""), charset) == ()


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
