"""A message is shown on request: as it was sent and as it lies, without anything that could load, sealed and for minutes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.catalogue import Catalogue, previews
from blocker.catalogue.request import Command
from blocker.judging.preview import form
from blocker.sealed import NotOpened, Opener, seal
from tests.fixtures.paths import DEMO
from tests.service.test_once_more import numbers
from tests.service.world import World, mail, signed

Make = Callable[..., World]
PIXEL = "https://open.tracker.example/o.gif"
HOSTILE = b"""<meta http-equiv=refresh content="0;url=https://evil.example/refresh"><link rel=dns-prefetch href=//evil.example>
<base href=https://evil.example/><style>@import "https://evil.example/s.css"; p{background:u\\72l(https://evil.example/b)}</style>
<body background=https://evil.example/bg onload=alert(1)><p style="background:url(https://evil.example/p)">Hello Ada
<img src=https://evil.example/i srcset="https://evil.example/s 2x"><a href=https://evil.example/click ping=https://evil.example/ping>go</a>
<iframe src=https://evil.example/f></iframe><noscript><img src=https://evil.example/n></noscript><svg><image href=https://evil.example/v /></svg>
<form action=https://evil.example/form><button formaction=https://evil.example/b>b</button></form><video poster=https://evil.example/v></video>
<v:fill src=https://evil.example/vml><object data=https://evil.example/o></object><script>fetch('https://evil.example/x')</script>"""


def shown(world: World, message: int, opener: Opener) -> tuple[Command, dict[str, Any]]:
    """Ask as a page does and let the service look; the request, and what the page can read then."""
    arguments = {"message": message, "address": opener.address}
    with Catalogue.open(world.config.database) as catalogue:
        number = catalogue.request("preview", world.account.name, arguments)
    world.look()
    with Catalogue.open(world.config.database) as catalogue, catalogue.reading() as connection:
        found = previews.find(connection, number)
    assert found is not None
    return found[0], json.loads(opener.open(found[1])) if found[1] else {}


@pytest.mark.parametrize("mode", ["report", "replace", "copy"])
def test_both_forms(world: Make, mode: str) -> None:
    """The original names what it would load, also where a copy took its place; what lies there now names what is left."""
    w = world(mode).begin()
    w.deliver(mail())
    w.look()
    before = w.raws()
    command, content = shown(w, numbers(w)[0], Opener())
    assert (command.error, command.outcome) == (None, "It can be looked at for 10 minutes.")
    places = [place for place, _ in content["original"]["taken"]]
    assert places == ["img[src]"]
    assert content["original"]["taken"][0][1].startswith(PIXEL)
    assert len(content["now"]["taken"]) == (0 if mode == "replace" else 1)
    for side in ("original", "now"):
        assert "Hello Ada" in content[side]["html"]
        assert "http" not in content[side]["html"]
    assert w.raws() == before


def test_a_signed_message_is_shown_too(world: Make) -> None:
    """It is never rewritten, and what could load is left out of what is shown all the same."""
    w = world("replace").begin()
    w.deliver(signed())
    w.look()
    _, content = shown(w, numbers(w)[0], Opener())
    assert "Hello Ada" in content["original"]["html"]
    assert "http" not in content["original"]["html"]
    assert content["original"]["taken"][0][1].startswith(PIXEL)


def test_nobody_else_reads_it(world: Make) -> None:
    """The database holds noise, another process cannot open it, and after its time it is gone."""
    w = world("report").begin()
    w.deliver(mail())
    w.look()
    opener = Opener()
    command, _ = shown(w, numbers(w)[0], opener)
    path = Path(w.config.database.removeprefix("sqlite:///"))
    with Catalogue.open(w.config.database) as catalogue:
        with catalogue.reading() as connection:
            found = previews.find(connection, command.id)
            assert found is not None
            assert found[1] is not None
            with pytest.raises(NotOpened):
                Opener().open(found[1])
            assert previews.find(connection, command.id, frozenset({"another"})) is None
        stored = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
        assert b"Hello Ada" not in stored
        assert found[1][:64] in stored
        with catalogue.writing() as connection:
            previews.erase(connection, datetime.now(UTC) + timedelta(minutes=11))
        with catalogue.reading() as connection:
            left = previews.find(connection, command.id)
            assert left is not None
            assert left[1] is None


def test_few_are_kept(world: Make) -> None:
    """However many are asked for, the database grows by a handful; the newest is there."""
    w = world("report").begin()
    w.deliver(mail())
    w.look()
    for _ in range(previews.MOST + 2):
        command, content = shown(w, numbers(w)[0], Opener())
    assert content
    with Catalogue.open(w.config.database) as catalogue, catalogue.reading() as connection:
        kept = [previews.find(connection, number) for number in range(1, command.id + 1)]
    assert sum(1 for one in kept if one and one[1]) == previews.MOST


def test_what_is_not_there_says_why(world: Make) -> None:
    """A message that is gone, one that nobody knows, and a page that names no key."""
    w = world("report").begin()
    uid = w.deliver(mail())
    w.look()
    (number,) = numbers(w)
    with Catalogue.open(w.config.database) as catalogue:
        wrong = catalogue.request("preview", w.account.name, {"message": number, "address": "nonsense"})
    w.look()
    w.server.folders["INBOX"].messages.pop(uid)
    gone, _ = shown(w, number, Opener())
    unknown, _ = shown(w, 999, Opener())
    assert "no longer in INBOX" in (gone.error or "")
    assert "no message 999" in (unknown.error or "")
    with Catalogue.open(w.config.database) as catalogue:
        (found,) = [one for one in catalogue.commands() if one.id == wrong]
    assert "ask again" in (found.error or "")


def head(content_type: bytes = b"text/html; charset=utf-8") -> bytes:
    """A message's header."""
    return b"From: a@shop.example\r\nMIME-Version: 1.0\r\nContent-Type: " + content_type + b"\r\n\r\n"


def test_nothing_is_left_that_could_load() -> None:
    """Every way of a hostile message is taken out, its text stays, and each is listed."""
    made = form(head() + HOSTILE)
    assert "evil.example" not in made.html
    assert "Hello Ada" in made.html
    assert "fetch(" not in made.html
    for tag in (
        "<meta",
        "<link",
        "<base",
        "<script",
        "<iframe",
        "<svg",
        "<form",
        "<object",
        "onload",
        "href",
    ):
        assert tag not in made.html
    places = {place for place, _ in made.taken}
    assert {"img[src]", "body[background]", "iframe[src]", "link[href]", "meta[content]"} <= places


def test_plain_text_is_text() -> None:
    """Markup in it is shown, not read; its charset counts."""
    made = form(head(b"text/plain; charset=iso-8859-1") + b"Gr\xfc\xdfe <img src=https://evil.example/i>")
    assert "Grüße &lt;img src=https://evil.example/i&gt;" in made.html
    assert "<img" not in made.html


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.eml")), ids=lambda path: path.stem)
def test_the_demonstrations_mail(path: Path) -> None:
    """No attribute and no sheet of what is shown names an address."""
    made = form(path.read_bytes())
    for tag in re.findall(r"<[a-z][^>]*>", made.html):
        assert "://" not in tag, tag


@given(st.binary(max_size=400))
def test_any_markup(markup: bytes) -> None:
    """Whatever a message holds, it is shown without an address in any tag, and nothing is raised."""
    made = form(head() + b"<img src=https://evil.example/1>" + markup + b"<img src='https://evil.example/2'>")
    assert not re.search(r"<[a-z][^>]*evil\.example", made.html)


def test_sealed_is_sealed() -> None:
    """What is changed, cut short or sealed for another is not opened; the same content looks different each time."""
    opener = Opener()
    one, two = (seal(opener.address, b"text") for _ in range(2))
    assert opener.open(one) == opener.open(two) == b"text"
    assert one != two
    for wrong in (b"", one[:-1], one[:40] + bytes([one[40] ^ 1]) + one[41:], seal(Opener().address, b"text")):
        with pytest.raises(NotOpened):
            opener.open(wrong)
    with pytest.raises(ValueError, match=r"."):
        seal("nonsense", b"text")
