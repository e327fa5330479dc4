"""The extension in a real Thunderbird: what is asked for, what is shown, and what happens where the server does not answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.catalogue.people import People
from tests.browser.sink import Address, Sink
from tests.mailbox.observers import ImapObserver
from tests.patience import BUSY
from tests.plugins.bad import ANSWERS, NEVER, bad
from tests.plugins.thunderbird import Thunderbird
from tests.servers.dovecot import Dovecot
from tests.webui.running import serving
from webui import create_app
from webui.access.pairing import new_code
from webui.plugins import package

pytestmark = [pytest.mark.browser, pytest.mark.once]

LETTERS = 4
SHOWN = 3.0
"""Seconds within which a message is shown, whatever the server does, on an idle machine."""
QUIET = 3.0
"""Seconds without a request after which a letter asks for nothing more: longer than a picture waits for a verdict."""
PIXEL = "http://click.list-manage.com/track/open.php?u=0a1b2c3d4e5f60718293a4b5c&id=1f2e3d4c5b&e=a9b8c7d6e{}"
UNKNOWN = "http://o.shop.example/{}/8f14e45fceea167a5a36dedd4bea2543"
PICTURE = "http://cdn.shop.example/banner-{}.png"
REDIRECTS = "http://cdn.shop.example/moved-{}.png"
WORDS = "Spring has come, number {}."


def letter(number: int) -> bytes:
    """A newsletter with a known pixel, one of a declared size, and a picture."""
    body = (
        f"<p>{WORDS}</p><img src='{PICTURE}' width=300 height=200><a href='http://x.example/'>x</a>"
        f"<img src='{PIXEL}'><img src='{UNKNOWN}' width=1 height=1>"
    ).format(*[number] * 4)
    head = (
        f"From: Shop <news@shop.example>\r\nTo: ada@reader.example\r\nSubject: Number {number}\r\n"
        f"Message-ID: <{number}@shop.example>\r\nDate: Fri, 27 Nov 2026 10:0{number}:00 +0000\r\nMIME-Version: 1.0\r\n"
    )
    return f"{head}Content-Type: text/html; charset=utf-8\r\n\r\n{body}\r\n".encode()


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension as it is installed."""
    path = tmp_path_factory.mktemp("extension") / "unpixel.xpi"
    path.write_bytes(package("thunderbird"))
    return path


class Reader:
    """A person who reads letters in Thunderbird."""

    def __init__(self, program: Thunderbird, sink: Sink) -> None:
        self.program = program
        self._sink = sink

    def pair(self, server: str, token: str = "unpixel_x", **more: object) -> None:
        """Have the extension know a server."""
        kept = {
            "server": server,
            "token": token,
            "scopes": ["read", "scan"],
            "accounts": ["account1"],
            **more,
        }
        self.program.on_page(
            "options.html",
            "const { storage } = content.wrappedJSObject.browser;"
            f"await storage.local.set(Components.utils.cloneInto({json.dumps(kept)}, content));",
        )

    def pair_by_code(self, server: str, code: str) -> str:
        """Fill in the page of options as a person does: what it says then."""
        filled = {"server": server, "code": code}
        said = self.program.on_page(
            "options.html",
            "while (!document.querySelector('#accounts input')) await new Promise((go) => content.setTimeout(go, 50));"
            f"for (const [id, value] of Object.entries({json.dumps(filled)})) document.getElementById(id).value = value;"
            "const told = document.getElementById('paired'), before = told.textContent;"
            "document.querySelector('#pair button').click();"
            "while (told.textContent === before) await new Promise((go) => content.setTimeout(go, 50));"
            "return told.textContent",
        )
        return str(said)

    def opened(self, number: int) -> frozenset[Address]:
        """Open a letter: what was asked for, once nothing more is.

        Where a busy machine does not tell in time which message asks, nothing is; then it is opened once more.
        """
        if asked := self._opened(number):
            return asked
        self._opened(LETTERS)
        return self._opened(number)

    def _opened(self, number: int) -> frozenset[Address]:
        """The same, once. It is shown in time, with its text."""
        self._sink.take()
        start = time.monotonic()
        self.program.show(LETTERS - number, LETTERS)
        assert time.monotonic() - start < SHOWN * BUSY
        self._sink.settle(QUIET)
        assert WORDS.format(number) in self.program.text()
        return frozenset(request.address for request in self._sink.take())

    def told(self) -> str:
        """The bar, which comes once there is a verdict."""
        end = time.monotonic() + 10 * BUSY
        while not (bar := self.program.bar()) and time.monotonic() < end:
            time.sleep(0.1)
        return bar


@pytest.fixture
def reading(dovecot: Dovecot, extension: Path) -> Iterator[Callable[[], Reader]]:
    """Starts Thunderbird with some letters in its inbox, the last of them open."""
    with ExitStack() as stack:

        def started() -> Reader:
            account = dovecot.account()
            ImapObserver(account).deliver([letter(number + 1) for number in range(LETTERS)])
            sink = stack.enter_context(Sink())
            reader = Reader(stack.enter_context(Thunderbird(account, sink.port, extension)), sink)
            # A program that starts may not tell in time which message it shows; then nothing is asked for.
            assert "o.shop.example" not in hosts(reader.opened(LETTERS))
            return reader

        yield started


@contextmanager
def unpixel(folder: Path) -> Iterator[tuple[str, str]]:
    """unpixel's own pages: their address and a code that lets a plug-in in."""
    with (
        Catalogue.open(f"sqlite:///{folder}/catalogue.sqlite") as catalogue,
        serving(create_app(catalogue, key=b"k" * 32)) as server,
    ):
        yield server.url, new_code(catalogue, People(catalogue).named(None), act=False)


def hosts(asked: frozenset[Address]) -> set[str]:
    """Who was asked."""
    return {address.host for address in asked}


def test_what_tracks_is_never_asked_for(reading: Callable[[], Reader], tmp_path: Path) -> None:
    """Pictures load, by the person's own proxy; the bar names who wanted to know. With the server gone, all the same."""
    reader = reading()
    with unpixel(tmp_path) as (url, code):
        assert reader.pair_by_code(url, "0000-0000").startswith("Not paired: That is not the code")
        assert reader.pair_by_code(url, code) == f"Paired with {url}."
        reader.opened(1)
        assert "Mailchimp" in reader.told()
        assert hosts(reader.opened(2)) == {"cdn.shop.example"}
        assert reader.told().startswith("2 trackers kept from reporting: Mailchimp, o.shop.example")
        assert "An open-tracking endpoint of Mailchimp" in reader.told()
    assert hosts(reader.opened(3)) == {"cdn.shop.example"}
    assert "cannot be reached" in reader.told()


def test_before_it_is_paired_what_declares_to_be_invisible_is_blocked(reading: Callable[[], Reader]) -> None:
    """It knows no rules yet, and asks nobody."""
    reader = reading()
    assert hosts(reader.opened(1)) == {"cdn.shop.example", "click.list-manage.com"}
    assert reader.program.bar() == ""


def test_a_server_that_is_not_what_it_should_be(reading: Callable[[], Reader]) -> None:
    """Revoked, broken, another's, or silent: the message shows in time, what is invisible stays blocked, the bar says why."""
    reader = reading()
    said = {"a token revoked": "Pair it again", "an error": "did not judge", "garbage": "is not unpixel"}
    for number, kind in enumerate([*ANSWERS, NEVER], 1):
        with bad(kind) as url:
            reader.pair(url, level="standard")
            asked = hosts(reader.opened(number % 3 + 1))
            assert "cdn.shop.example" in asked, kind
            assert ("o.shop.example" in asked) == (kind == "another shape"), kind
            if kind in said:
                assert said[kind] in reader.told(), kind


def test_at_paranoid_nothing_is_asked_for(reading: Callable[[], Reader]) -> None:
    """Without any server."""
    reader = reading()
    reader.pair("", level="paranoid")
    assert reader.opened(1) == frozenset()
