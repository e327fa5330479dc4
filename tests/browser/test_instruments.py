"""The sink and the browsers see what they are there to see: a request, a connection, a pixel that moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from email.message import EmailMessage

import pytest

from tests.browser.chromium import Chromium
from tests.browser.firefox import Firefox
from tests.browser.pages import Origin, Shown, pages
from tests.browser.pictures import picture
from tests.browser.sink import Sink, address
from tests.browser.together import MOST, visits
from tests.browser.unseen import conditional_addresses, unseen_addresses
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

LOADS = {
    "http": '<img src="http://a.example/1.gif?x=%20">',
    "https": '<img src="https://b.example/2.gif">',
    "slashes": '<img src="https://b.example//2.gif">',
    "port": '<img src="http://a.example:8081/3.gif">',
    "no scheme": '<img src="//c.example/4.gif">',
    "sheet": '<link rel="stylesheet" href="https://d.example/5.css">',
    "import": "<style>@import 'http://e.example/6.css';</style>",
    "background": "<p style=\"background:url('http://f.example/7.png')\">text</p>",
    "frame": '<iframe src="https://g.example/8.html"></iframe>',
    "without JavaScript": '<noscript><img src="http://h.example/9.gif"></noscript>',
    "later": '<img loading="lazy" src="https://i.example/10.gif">',
}
LOADED = {
    "//a.example/1.gif?x=%20",
    "//b.example/2.gif",
    "//b.example//2.gif",
    "//a.example:8081/3.gif",
    "//c.example/4.gif",
    "//d.example/5.css",
    "//e.example/6.css",
    "//f.example/7.png",
    "//g.example/8.html",
    "//h.example/9.gif",
    "//i.example/10.gif",
}


class Room:
    """Sink, webmail and one browser."""

    def __init__(self, stack: ExitStack, kind: type[Chromium] | type[Firefox]) -> None:
        self.sink = stack.enter_context(Sink())
        self.origin = stack.enter_context(Origin())
        self.browser: Chromium | Firefox = kind(self.sink)
        stack.enter_context(self.browser)

    def open(self, markup: str) -> Visit:
        """A page of this markup, opened."""
        return self.browser.visit(self.origin.publish(Shown(f"<!doctype html>{markup}", "text/html")))


@pytest.fixture(scope="module", params=[Chromium, Firefox])
def room(request: pytest.FixtureRequest) -> Iterator[Room]:
    """Each browser in turn."""
    with ExitStack() as stack:
        yield Room(stack, request.param)


def test_every_way_to_ask_arrives(room: Room) -> None:
    """HTTP and HTTPS, any port, sheets, frames, backgrounds: all arrive, as often as the page is opened, no other."""
    for _ in range(2):
        visit = room.open("".join(LOADS.values()))
        assert {str(place) for place in visit.addresses} == LOADED
        assert visit.text == "text"


def test_nothing_is_asked_for_on_the_browsers_own_account(room: Room) -> None:
    """A page that names nobody connects to nobody; neither does JavaScript, which is off."""
    script = "<script>new Image().src = 'http://a.example/script.gif'</script>"
    visit = room.open(f"<p>text</p><a href='https://a.example/link'>link</a>{script}")
    assert (visit.requests, visit.connections, visit.text) == ((), 0, "text link")


def test_pages_opened_together_are_seen_each(room: Room) -> None:
    """Frames of one page give each its text; a request of any, in sight or not, has all of the batch opened alone."""
    quiet = [Shown(f"<!doctype html><p>page {number}</p>", "text/html") for number in range(MOST)]
    made = visits(room.browser, room.origin, quiet)
    assert [(visit.text, visit.requests) for visit in made] == [(f"page {n}", ()) for n in range(MOST)]
    loud = Shown("<p>loud</p><img loading=lazy src='http://a.example/1.gif'>", "text/html")
    made = visits(room.browser, room.origin, [*quiet[1:], loud])
    assert [len(visit.requests) for visit in made] == [0] * (MOST - 1) + [1]


def test_a_connection_without_a_request_counts() -> None:
    """A page that only has the reader connect is told from one that does nothing."""
    with ExitStack() as stack:
        visit = Room(stack, Chromium).open('<link rel="preconnect" href="https://a.example">')
    assert visit.requests == ()
    assert visit.connections > 0


def test_the_screenshot_shows_a_pixel_that_moves() -> None:
    """The same page gives the same picture; a picture of one pixel, taken out or turned visible, another."""
    pixel = '<img src="http://a.example/p.gif">'
    shown = {
        "page": f"<p>text{pixel}{pixel}</p>",
        "again": f"<p>text{pixel}{pixel}</p>",
        "less": f"<p>text{pixel}</p>",
    }
    with ExitStack() as stack:
        room = Room(stack, Chromium)
        browser, origin = room.browser, room.origin
        assert isinstance(browser, Chromium)
        taken = {
            name: browser.visit(
                origin.publish(Shown(f"<!doctype html>{markup}<hr>", "text/html")), screenshot=True
            )
            for name, markup in shown.items()
        }
        room.sink.transparent = frozenset([address("http://a.example/p.gif")])
        clear = browser.visit(
            origin.publish(Shown(f"<!doctype html>{shown['page']}<hr>", "text/html")), screenshot=True
        )
    assert taken["page"].screenshot == taken["again"].screenshot
    assert len({taken["page"].screenshot, taken["less"].screenshot, clear.screenshot}) == 3


def test_pictures_follow_from_the_address() -> None:
    """The sink answers an address always alike, and not all addresses alike."""
    assert picture("//a.example/1") == picture("//a.example/1")
    assert len({picture(f"//a.example/{number}") for number in range(50)}) > 40


def test_addresses_leave_out_what_no_server_sees() -> None:
    """Scheme, name and password, default port and fragment are no part of an address; other ports are."""
    wanted = address("http://a.example/x?y=//z")
    assert address("https://u:p@A.example:443/x?y=//z#f") == wanted
    assert address("http://a.example:8080/x?y=//z") != wanted
    assert address("https://a.example").target == "/"


def test_every_html_part_is_a_page() -> None:
    """Both alternatives, attached HTML and the body of an attached message are opened; a plain part is not."""
    inner = EmailMessage()
    inner.set_content("<p>inner</p>", subtype="html")
    message = EmailMessage()
    message.set_content("plain")
    message.add_alternative("<p>last ä</p>", subtype="html", charset="iso-8859-15")
    message.add_attachment(b"<p>named</p>", maintype="application", subtype="octet-stream", filename="a.HTM")
    message.add_attachment(inner)
    assert [page.text.strip() for page in pages(message.as_bytes())] == [
        "<p>last ä</p>",
        "<p>named</p>",
        "<p>inner</p>",
    ]


def test_inline_parts_are_served() -> None:
    """A part named by its Content-ID is loaded from the webmail, and what it names in turn is seen."""
    page = Shown(
        '<link rel="stylesheet" href="cid:s@x">',
        "text/html",
        {"s@x": ("text/css", b"@import '//a.example/i.css'")},
    )
    with ExitStack() as stack:
        room = Room(stack, Chromium)
        visit = room.browser.visit(room.origin.publish(page))
    assert {str(place) for place in visit.addresses} == {"//a.example/i.css"}


def test_conditional_comments_are_read() -> None:
    """What Outlook loads from a conditional comment is found by reading it; links and namespaces are none of it."""
    markup = """<!--[if mso]><v:rect xmlns:v="http://s.example/v" href="http://l.example/"><v:fill src="https://a.example/1.png"/>
        <table background="http://b.example/2.png" style="background:url(//c.example/3.png)"></table></v:rect><![endif]-->"""
    found = {str(place) for place in conditional_addresses(markup)}
    assert found == {"//a.example/1.png", "//b.example/2.png", "//c.example/3.png"}
    assert (
        conditional_addresses("<!-- <img src='http://a.example/1.png'> --><img src='http://a.example/2.png'>")
        == frozenset()
    )


def test_hints_are_read() -> None:
    """A hint to connect or to look up a name is found; what a browser asks for outright, the sink sees."""
    markup = """<link rel="x dns-prefetch" href="//a.example"><link rel="Preconnect" href="https://b.example">
        <link rel="stylesheet" href="https://c.example/x.css"><link rel="preconnect">"""
    assert {str(place) for place in unseen_addresses(markup)} == {"//a.example/", "//b.example/"}
