"""The header view: what it reads, and that nothing makes it fail or grow."""

from __future__ import annotations

import json
import random
import time

import pytest

from blocker.message.domains import organisational
from blocker.message.view import MAX_ADDRESSES, MAX_HOPS, HeaderView, Hop, foot_of, header_view

LETTER = (
    b"Received: from mx.example.net by store.example.net with LMTP id 2; Fri, 20 Nov 2026 11:00:05 +0000\r\n"
    b"Received: from mail.example.org (mail.example.org [192.0.2.7])\r\n"
    b"\tby mx.example.net with ESMTPS id 1; Fri, 20 Nov 2026 12:00:00 +0100\r\n"
    b"From: =?utf-8?q?J=C3=B6rg_News?= <news@example.org>\r\n"
    b"Reply-To: answers@example.org\r\n"
    b"To: you@example.net, =?utf-8?q?=E2=9C=89?= <me@example.net>\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"\r\n"
    b"<html><head><style>a{}</style></head><body><p>Hello</p>"
    b"<p>We use a web beacon.</p><script>tracking pixel</script>"
    b'<a href="https://example.org/u?id=7">Unsubscribe\r\n here</a>'
    b'<a href="https://example.org/p">Privacy policy</a>'
    b'<a href="javascript:alert(1)">Unsubscribe</a>'
    b'<a href="https://example.org/buy">Buy now</a></body></html>\r\n'
)


def test_a_letter_is_read() -> None:
    """Addresses are decoded, hops stand oldest first with their delay, the foot's links have their kind."""
    view = header_view(LETTER)
    assert view.from_ == (("Jörg News", "news@example.org"),)
    assert view.reply_to == (("", "answers@example.org"),)
    assert view.to == (("", "you@example.net"), ("✉", "me@example.net"))
    assert [(h.by, h.with_, h.date, h.delay) for h in view.hops] == [
        ("mx.example.net", "ESMTPS", "2026-11-20T11:00:00+00:00", 0),
        ("store.example.net", "LMTP", "2026-11-20T11:00:05+00:00", 5),
    ]
    assert [(link.kind, link.text, link.url) for link in view.links] == [
        ("unsubscribe", "Unsubscribe here", "https://example.org/u?id=7"),
        ("privacy", "Privacy policy", "https://example.org/p"),
    ]
    assert view.mentions == ("web beacon",)
    assert view.reason == ""


def test_a_view_survives_json() -> None:
    """What the catalogue stores gives the same view back."""
    view = header_view(LETTER)
    assert HeaderView.from_dict(json.loads(json.dumps(view.as_dict()))) == view
    assert isinstance(view.hops[0], Hop)


HOSTILE = {
    "nothing": b"",
    "random bytes": random.Random(7).randbytes(300_000),
    "endless hops": b"Received: from a by b; Fri, 20 Nov 2026 11:00:05 +0000\r\n" * 9_000 + b"\r\n",
    "endless addresses": b"To: " + b"a@b," * 60_000 + b"\r\n\r\n",
    "open comment": b"Received: from " + b"(" * 200_000 + b"\r\n\r\n",
    "deep parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=a%d\r\n\r\n--a%d\r\n" % (n, n) for n in range(4_000)
    ),
    "deep elements": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 50_000,
    "open links": b"Content-Type: text/html\r\n\r\n" + b"<a href=http://x/>unsubscribe" * 9_000,
    "unknown charset": b'Content-Type: text/html; charset="x-nope"\r\n\r\n<a href="http://x/">Unsubscribe</a>',
    "surrogates": b"From: \xff\xfe <a@b>\r\nContent-Type: text/html\r\n\r\n<a href='http://\xff/'>unsubscribe \xff</a>",
    "half a date": b"Received: from a by b; 99 Foo 20266 77:99 +9999\r\n\r\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_gives_a_bounded_view_in_time(name: str) -> None:
    """No exception, small, storable, and done within seconds."""
    began = time.process_time()
    view = header_view(HOSTILE[name])
    assert time.process_time() - began < 10
    assert len(view.hops) <= MAX_HOPS
    assert len(view.to) <= MAX_ADDRESSES
    assert len(json.dumps(view.as_dict()).encode("utf-8")) < 64_000


def test_a_view_that_failed_or_was_cut_says_so() -> None:
    """A recursion bomb gives an empty view with a reason; a large mail is read to the bound."""
    assert header_view(HOSTILE["deep parts"]) == HeaderView(
        reason="The headers could not be read (MailParserRecursionError)."
    )
    cut = header_view(LETTER + b"x" * 300_000)
    assert cut.from_[0][1] == "news@example.org"
    assert "256 KB" in cut.reason


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hier abmelden", "unsubscribe"),
        ("SE DÉSABONNER", "unsubscribe"),
        ("Manage your preferences", "preferences"),
        ("Datenschutz", "privacy"),
        ("View in browser", "browser"),
    ],
)
def test_links_are_known_in_several_languages(text: str, kind: str) -> None:
    """The words of the link decide."""
    links, _ = foot_of(f'<a href="https://example.org/x">{text}</a>')
    assert [link.kind for link in links] == [kind]


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("news.shop.example.co.uk", "example.co.uk"),
        ("Mail.Example.ORG.", "example.org"),
        ("example.org", "example.org"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]"),
        ("münchen.example.de", "example.de"),
        ("xn--mnchen-3ya.example.de", "example.de"),
        ("news.xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("www.example.xn--55qx5d.cn", "example.xn--55qx5d.cn"),
        ("www.xn--.example.org", "example.org"),
        ("", ""),
        ("x" * 400 + ".example.org", ""),
    ],
)
def test_the_organisational_domain_is_the_registered_one(domain: str, registered: str) -> None:
    """By the public suffix list, without asking the network."""
    assert organisational(domain) == registered
