"""Addresses are resolved as a browser does it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.message.urls import MAX_URL, clean, parse, resolve

BASE = parse("https://base.example/dir/page?q")


def href(value: str, based: bool = False) -> str | None:
    """The URL that would be fetched for a value."""
    remote, url = resolve(clean(value), BASE if based else None)
    assert remote or url is None
    return url.href if url is not None else None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://EXAMPLE.com/A", "http://example.com/A"),
        ("http://EXAMPLE.com\\@evil.example", "http://example.com/@evil.example"),
        ("http:/a.example", "http://a.example/"),
        ("http:a.example", "http://a.example/"),
        ("https:////a.example", "https://a.example/"),
        ("http:\\\\t.example\\1", "http://t.example/1"),
        ("HTTP://a.example", "http://a.example/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://a.example:80/", "http://a.example/"),
        ("http://a.example%2eb.example/", "http://a.example.b.example/"),
        ("http://①.example/", "http://1.example/"),
        ("http://bücher.example/é?é", "http://xn--bcher-kva.example/%C3%A9?%C3%A9"),
        ("http://a.example/a/../b/./c", "http://a.example/b/c"),
        ("http://a.example/#fragment", "http://a.example/"),
        ("http://a.example/?a b", "http://a.example/?a%20b"),
        (" \t\x00http://a.example/\x1f ", "http://a.example/"),
        ("ht\ttp://a.exa\nmple/\r", "http://a.example/"),
        ("//a.example/x", "https://a.example/x"),
        ("\\/a.example/x", "https://a.example/x"),
        ("ftp://a.example/x", "ftp://a.example/x"),
        ("http://", None),
        ("http://a b/", None),
        ("http://[x/", None),
        ("http://a.example:99999/", None),
        ("http://%zz/", None),
        ("[open]", None),
        ("x.gif", None),
        ("/x.gif", None),
        ("?x", None),
        ("", None),
        ("#x", None),
        ("cid:a@b", None),
        ("data:image/gif;base64,R0lG", None),
        ("mailto:a@example.org", None),
        ("javascript:alert(1)", None),
        ("blob:http://a.example/x", None),
        ("about:blank", None),
        ("file:///x", None),
        ("file://C:/x", None),
        ("file://localhost/x", None),
        ("file:x", None),
        ("file://Share.example/a/o.gif", "file://share.example/a/o.gif"),
        ("FILE:\\\\share.example\\a", "file://share.example/a"),
        ("file:////share.example/a", "file://share.example/a"),
        ("smb://share.example/a", "smb://share.example/a"),
        ("jar:http://a.example/b.jar!/c.png", "http://a.example/b.jar"),
        ("mhtml:http://a.example/b!c", "http://a.example/b"),
        ("mk:@MSITStore:http://a.example/b.chm::/c", "http://a.example/b.chm"),
        ("mhtml:cid:a!b", None),
        ("tel:1", None),
        ("http://a.example/\ud800", None),
    ],
)
def test_as_a_browser(value: str, expected: str | None) -> None:
    """The oddities in which URL parsers differ, and where a browser goes."""
    assert href(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x.gif", "https://base.example/dir/x.gif"),
        ("../x.gif", "https://base.example/x.gif"),
        ("/x.gif", "https://base.example/x.gif"),
        ("\\x.gif", "https://base.example/x.gif"),
        ("?a=b", "https://base.example/dir/page?a=b"),
        ("//a.example/x", "https://a.example/x"),
        ("https:x.gif", "https://base.example/dir/x.gif"),
        ("http:x.example", "http://x.example/"),
        ("http://a.example/", "http://a.example/"),
        ("#x", "https://base.example/dir/page?q"),
        ("#", "https://base.example/dir/page?q"),
        ("", None),
        ("cid:x", None),
    ],
)
def test_against_a_base(value: str, expected: str | None) -> None:
    """Relative values go where the base leads."""
    assert href(value, based=True) == expected


@pytest.mark.parametrize(
    ("value", "remote"),
    [("x.gif", True), ("[open]", True), ("http://[", True), ("//", True), ("", False), ("#a", False), ("cid:a", False), ("data:,", False)],
)  # fmt: skip
def test_what_is_written_as_if_remote(value: str, remote: bool) -> None:
    """A value that looks remote and leads nowhere is told from one that is local."""
    assert resolve(value, None) == (remote, None)


def test_parts_of_a_url() -> None:
    """Host, path and query come in the form in which rules are written."""
    url = parse("https://User:pw@Sub.Example.ORG:444/a/b?c=d#e")
    assert url is not None
    assert (url.host, url.path, url.query, url.target) == ("sub.example.org", "/a/b", "?c=d", "/a/b?c=d")


@given(st.text(max_size=60))
def test_any_value_is_read(value: str) -> None:
    """No value makes resolving fail, and what it gives is an absolute URL with a host."""
    for base in (None, BASE):
        _, url = resolve(clean(value), base)
        if url is not None:
            assert url.href.startswith(("http://", "https://", "ftp://"))
            assert url.host


def test_long_values_are_bounded() -> None:
    """Of a URL of megabytes the head is looked at."""
    url = parse("https://a.example/" + "x" * (1 << 21))
    assert url is not None
    assert len(url.href) <= MAX_URL
