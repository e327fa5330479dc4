"""The pages: what they show, that they show it as text, and that they load nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.values import Bar
from blocker.detect.knowledge import default_rules
from tests.catalogue.samples import picture, pixel, seen
from tests.webui.conftest import HOSTILE_SUBJECT, HOSTILE_URL, csrf_of, data_of, path_of
from tests.webui.tags import Tags
from webui import charts, create_app, words
from webui.access.sessions import one_time_link
from webui.fragments import Fragments
from webui.language import count, ngettext

PAGES = (
    "/overview",
    "/overview?days=all",
    "/overview?days=7",
    "/senders",
    "/senders?order=share",
    "/senders/example.org",
    "/senders/evil.example",
    "/messages",
    "/messages?tracked=yes&vendor=Mailchimp&sender=example.org&text=Letter",
    "/messages?text=nothing-like-it",
    "/messages/1",
    "/messages/3",
    "/messages/4",
    "/messages/5",
    "/requests",
    "/accounts",
    "/vendors",
    "/vendors?days=7&account=home",
    "/vendors/Mailchimp",
    "/vendors/<b>Vendor<%2Fb>",
    "/vendors/Nobody",
    "/senders?text=nobody-like-it",
    "/messages?kind=personal&host=p.example&since=2020-01-01&until=2100-01-01",
    "/messages/999",
    "/senders/nobody.example",
    "/nowhere",
)
TWINS = (
    "/overview.json",
    "/senders.json",
    "/senders/example.org.json",
    "/messages.json",
    "/messages/1.json",
    "/requests.json",
    "/accounts.json",
    "/vendors.json",
    "/vendors/Mailchimp.json",
)
TABLES = ("/senders.csv", "/vendors.csv", "/messages.csv")


@pytest.mark.parametrize(
    "path", [*PAGES, *TWINS, *TABLES, "/login", "/healthz", "/static/style.css", "/static/icon.svg"]
)
def test_every_answer_forbids_loading_from_elsewhere(client: FlaskClient, path: str) -> None:
    """The policy stands on pages, errors, data and files alike; pages are not kept by the browser."""
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "default-src 'self'"
    assert {"script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(
        policy
    )
    assert not any("unsafe" in part or "http" in part or "data:" in part for part in policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert (headers["Cache-Control"] == "no-store") is not path.startswith("/static")


@pytest.fixture
def shown(client: FlaskClient, stranger: FlaskClient) -> Callable[[str], Tags]:
    """Reads a page: the login as a stranger, all others logged in."""
    return lambda path: Tags((stranger if path == "/login" else client).get(path).text)


@pytest.mark.parametrize("path", [*PAGES, "/login"])
def test_no_page_points_elsewhere(shown: Callable[[str], Tags], path: str) -> None:
    """Each address in a page is our own, from the root; there is no inline script or style, no foreign picture."""
    page = shown(path)
    addresses = page.values("href", "src", "action", "srcset", "poster", "data", "formaction", "background")
    assert "/static/style.css" in addresses
    outside = [a for a in addresses if not re.match(r"/(?!/)|#", a)]
    assert outside == []
    assert not {tag for tag, _ in page.tags} & {"img", "iframe", "object", "embed", "style", "base"}
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [
        {"src": "/static/pages.js", "defer": None}
    ]
    assert not any(name == "style" or name.startswith("on") for _, attrs in page.tags for name in attrs)


@pytest.mark.parametrize("path", ["/overview", "/senders/evil.example", "/messages", "/messages/3"])
def test_what_a_sender_wrote_is_shown_as_text(client: FlaskClient, path: str) -> None:
    """Subject, URL, vendor and reason arrive as written, and none of it becomes an element."""
    page = Tags(client.get(path).text)
    assert "b" not in {tag for tag, _ in page.tags}
    assert "i" not in {tag for tag, _ in page.tags}
    if path != "/overview":
        assert HOSTILE_SUBJECT in page.text
    if path == "/messages/3":
        assert HOSTILE_URL in page.text
        assert "<i>why</i>" in page.text
    if path in {"/overview", "/senders/evil.example", "/messages/3"}:
        assert "<b>Vendor</b>" in page.text


@pytest.mark.parametrize("path", [*PAGES, "/login"])
def test_every_page_can_be_read_by_everybody(shown: Callable[[str], Tags], path: str) -> None:
    """A language, a title, one main heading, no heading level left out, a caption on each table, a label on each field."""
    page = shown(path)
    names = [tag for tag, _ in page.tags]
    assert page.tags[0] == ("html", {"lang": "en"})
    assert names.count("h1") == names.count("main") == names.count("title") - len(page.pictured("title")) == 1
    levels = [int(name[1]) for name in names if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert names.count("caption") == names.count("table")
    labelled = {attrs.get("for") for tag, attrs in page.tags if tag == "label"}
    fields = [a for t, a in page.tags if t in {"input", "select"} and a.get("type") != "hidden"]
    assert all(field.get("id") in labelled for field in fields)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_the_overview_shows_the_figures(client: FlaskClient) -> None:
    """Five messages, three tracked by three pixels, one replaced; the reason for one left alone."""
    page = client.get("/overview").text
    figures = dict(re.findall(r'id="figure-(\w+)">([^<]+)<', page))
    assert figures == {"share": "60 %", "messages": "5", "tracked": "3", "blocked": "3", "neutralised": "1"}
    text = Tags(page).text
    for words_ in (
        "Mailchimp",
        "SendGrid",
        "evil.example",
        "It is signed.",
        "Replaced by a neutralised copy",
    ):
        assert words_ in text
    assert data_of(client.get("/overview.json"))["tracked"] == 3
    assert re.findall(r'id="figure-messages">(\d)', client.get("/overview?days=7").text) == ["5"]


def test_the_trend_is_drawn_without_scripts_or_styles(client: FlaskClient) -> None:
    """One pair of bars for each day with mail, which leads to that day's mail, and the same figures as a table."""
    page = Tags(client.get("/overview?days=7").text)
    bars = [attrs for tag, attrs in page.tags if tag == "rect" and attrs.get("x") is not None]
    assert len(bars) == 4
    heights = [float(attrs["height"] or 0) for attrs in bars]
    # Three days ago and today: all and tracked by turns; 4 messages of today fill the scale.
    assert heights == [50, 0, 200, 150]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    (link,) = {a for a in page.values("href") if a.startswith("/messages") and a.endswith(f"until={today}")}
    assert link == f"/messages?since={today}&until={today}"
    assert data_of(client.get(link.replace("messages", "messages.json")))["total"] == 4


def test_a_message_page_says_what_and_why(client: FlaskClient) -> None:
    """The tracker, its vendor, what its fetch would have told, in which form the address, reasons both ways."""
    text = " ".join(Tags(client.get("/messages/1").text).text.split())
    for words_ in (
        "1 tracker found",
        "Tracking pixel of Mailchimp",
        "94 % sure",
        "https://t.example.com/open?m=1",
        "img[src] in part 1.2",
        "That you opened this mail, when, and how often.",
        "your IP address",
        "your mail program, your device",
        "Who you are: the recipient's address stands in the URL, MD5 of the address.",
        "Size: 1 × 1 pixels – speaks for tracking",
        "Shape: Has a text for those who do not see it – speaks against tracking",
        "1 reference that is the same for every reader",
        "Unsubscribe: Unsubscribe here https://example.org/u?id=77",
        "2 servers handed it on",
        "web beacon",
    ):
        assert words_ in text, words_


def test_a_url_that_stands_twice_is_one_card(filled: Catalogue, client: FlaskClient) -> None:
    """With all its places; another URL, and another verdict on the same, have their own."""
    twice, background = pixel(1), pixel(1)
    background.vector, background.part = "td[background]", "1.3"
    number = filled.record(seen(50, twice, pixel(1), background, pixel(2), picture(1), picture(1)))
    answer = client.get(f"/messages/{number}")
    text = " ".join(Tags(answer.text).text.split())
    assert "2 trackers found in 4 places" in text
    assert "In 3 places, written as img[src] in part 1.2 (2 times), as td[background] in part 1.3;" in text
    assert "Written as img[src] in part 1.2; it would be fetched from t.example.com" in text
    assert "2 references that are the same for every reader" in text
    assert answer.text.count('<article class="reference') == 3


def test_own_mailing_systems_are_one_line(filled: Catalogue, client: FlaskClient) -> None:
    """Programs that are known by their URLs alone are counted together, listed together, and not named."""
    names = sorted(v.name for v in default_rules().vendors if not v.named)
    assert len(names) > 2
    for number, name in enumerate(names[:3], 60):
        filled.record(
            seen(number, pixel(number, name), pixel(number + 100, names[0]), arrived=datetime.now(UTC))
        )
    overview = Tags(client.get("/overview").text)
    assert overview.text.count("Own mailing systems") == 1
    assert names[0] not in overview.text
    (line,) = [v for v in data_of(client.get("/overview.json"))["vendors"] if not v["named"]]
    assert (line["name"], line["messages"], line["references"]) == ("own mailing system", 3, 6)
    found = data_of(client.get("/messages.json?vendor=own%20mailing%20system"))["messages"]
    assert sorted(m["subject"] for m in found) == ["Letter 60", "Letter 61", "Letter 62"]
    page = " ".join(Tags(client.get(f"/messages/{found[0]['id']}").text).text.split())
    assert "Tracking pixel of a mailing system of its own" in page


def test_other_messages_say_what_they_are(client: FlaskClient) -> None:
    """No tracker but a personal picture; a reference that nothing fetches; a receipt asked for; no reference at all."""
    fifth = " ".join(Tags(client.get("/messages/4").text).text.split())
    assert "No tracker found" in fifth
    assert "Personal picture" in fifth
    assert "a mail program would fetch nothing here" in fifth
    assert "Disposition-Notification-To: news@news.example.org" in fifth
    empty = " ".join(Tags(client.get("/messages/5").text).text.split())
    assert "No tracker found" in empty
    assert "What else it would load" not in empty


@pytest.mark.parametrize("path", TWINS)
def test_the_data_twin_says_the_same(client: FlaskClient, filled: Catalogue, path: str) -> None:
    """The page's address with .json gives the catalogue's own values."""
    answer = client.get(path)
    assert answer.mimetype == "application/json"
    message, sender, vendor = filled.message(1), filled.sender("example.org"), filled.vendor("Mailchimp")
    assert message is not None
    assert sender is not None
    assert vendor is not None
    roles = {"Mailchimp": "esp", "SendGrid": "esp"}
    vendors = [line.as_dict() | {"role": roles.get(line.name, "")} for line in filled.vendors()]
    expected = {
        "/overview.json": filled.overview(30).as_dict(),
        "/senders.json": filled.senders_page().as_dict(),
        "/senders/example.org.json": sender.as_dict() | {"settings": []},
        "/messages.json": filled.messages().as_dict(),
        "/messages/1.json": message.as_dict(),
        "/requests.json": {"requests": []},
        "/accounts.json": {"accounts": [filled.accounts()[0].as_dict() | filled.heartbeats()[0].as_dict()]},
        "/vendors.json": {"vendors": vendors},
        "/vendors/Mailchimp.json": vendor.as_dict() | {"role": "esp"},
    }
    assert answer.json == expected[path]


def test_data_that_is_not_there_is_an_error_in_the_one_shape(
    client: FlaskClient, stranger: FlaskClient
) -> None:
    """404 for the one who may look, 401 for a stranger."""
    missing, refused = client.get("/messages/999.json"), stranger.get("/overview.json")
    assert (missing.status_code, data_of(missing)["error"]["code"]) == (404, "not_found")
    assert (refused.status_code, data_of(refused)["error"]["code"]) == (401, "unauthorised")


@pytest.mark.parametrize(
    "path",
    [
        "/overview?days=<script>",
        "/senders?order=';drop",
        "/messages?page=-1",
        "/messages?page=99999999999999999999",
        "/messages?page=%D9%A3",
        "/messages?action=eaten&tracked=maybe",
    ],
)
def test_a_wrong_parameter_shows_the_usual_page(client: FlaskClient, path: str) -> None:
    """A mistyped address is no error."""
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/messages/99999999999999999999", "/messages/-1", "/senders/" + "x" * 5000])
def test_an_absurd_address_is_just_not_there(client: FlaskClient, path: str) -> None:
    """404, not a fault."""
    assert client.get(path).status_code == 404


def test_an_empty_catalogue_says_what_to_do_next(store: Catalogue) -> None:
    """First how to add an account; once there is one, how to fill the catalogue."""
    client = create_app(store).test_client()
    client.get(path_of(one_time_link(store, "http://localhost")))
    assert "unpixel account add you@example.org" in client.get("/overview").text
    for path in ("/senders", "/messages", "/requests"):
        assert client.get(path).status_code == 200
    store.ensure_account("home", "you@example.net", "report", "standard")
    assert "unpixel sweep home" in client.get("/overview").text


def test_a_time_without_mail_says_so(store: Catalogue) -> None:
    """And leads to all of it."""
    store.ensure_account("home", "you@example.net", "report", "standard")
    store.record(seen(1, arrived=datetime(2020, 1, 1, tzinfo=UTC)))
    client = create_app(store).test_client()
    client.get(path_of(one_time_link(store, "http://localhost")))
    page = client.get("/overview").text
    assert "No mail in this time" in page
    assert 'href="/overview?days=all"' in page


def test_a_sweep_is_asked_for_and_its_state_shown(client: FlaskClient, filled: Catalogue) -> None:
    """A row for the service; the page shows it waiting, then done."""
    page = client.get("/requests").text
    answer = client.post(
        "/requests/sweep", data={"csrf": csrf_of(page), "account": "home", "since": "2026-01-31"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/requests")
    (command,) = filled.pending("home")
    assert (command.kind, dict(command.arguments)) == ("sweep", {"since": "2026-01-31"})
    assert "Waiting" in client.get("/requests").text
    filled.finish(command.id, "7 messages looked through")
    assert "7 messages looked through" in client.get("/requests").text


@pytest.mark.parametrize("data", [{"account": "nobody"}, {"account": "home", "since": "yesterday"}])
def test_a_sweep_that_makes_no_sense_is_refused(
    client: FlaskClient, filled: Catalogue, data: dict[str, str]
) -> None:
    """With a sentence, and no row."""
    page = client.get("/requests").text
    answer = client.post("/requests/sweep", data={"csrf": csrf_of(page)} | data)
    assert answer.status_code == 400
    assert "That did not work" in answer.text
    assert filled.commands() == []


def test_an_original_is_asked_back_where_there_is_one(client: FlaskClient, filled: Catalogue) -> None:
    """A replaced message has the button, and then says that it was asked for; another message has neither."""
    page = client.get("/messages/1").text
    assert "Put the original back" in page
    data = {"csrf": csrf_of(page), "message": "1"}
    assert client.post("/requests/restore", data=data).headers["Location"] == "/messages/1"
    (command,) = filled.pending("home")
    assert (command.kind, command.arguments["message"]) == ("restore", 1)
    assert "Asked for: " in client.get("/messages/1").text
    assert "Put the original back" not in client.get("/messages/2").text
    assert client.post("/requests/restore", data=data | {"message": "2"}).status_code == 400
    assert client.post("/requests/restore", data=data | {"message": "x"}).status_code == 404
    assert len(filled.commands()) == 1


def test_a_catalogue_that_fails_gets_a_sentence(
    client: FlaskClient, filled: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says what the catalogue says; nothing of the inside is shown."""

    def fail(*_: object, **_more: object) -> None:
        raise CatalogueError("The disk that holds the catalogue x is full: make room and try again.")

    monkeypatch.setattr(type(filled), "overview", fail)
    answer = client.get("/overview")
    assert answer.status_code == 503
    assert "make room and try again" in answer.text


def test_a_fault_of_ours_shows_nothing_of_the_inside(
    client: FlaskClient, filled: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence; the log has the rest."""

    def fail(*_: object, **_more: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr(type(filled), "overview", fail)
    answer = client.get("/overview")
    assert answer.status_code == 500
    assert "the inside" not in answer.text
    assert "the log says what" in answer.text


def test_parts_are_sent_only_where_they_are_others(client: FlaskClient, filled: Catalogue) -> None:
    """No page loads itself again; a browser that has the parts is told so, and gets them anew when mail has come."""
    client.application.extensions["unpixel"] = replace(
        client.application.extensions["unpixel"], fragments=Fragments(0)
    )
    page = client.get("/overview?days=30").text
    assert "http-equiv" not in page
    assert 'data-live="/overview/parts?days=30"' in page
    first = client.get("/overview/parts?days=30")
    for part in re.findall(r'<(?:div|span) [^>]*id="(part-[a-z]+)"', first.text):
        assert f'id="{part}"' in page
    assert 'id="figure-messages">5<' in first.text
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get("/overview/parts?days=30", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    filled.record(seen(77, pixel(1), arrived=datetime.now(UTC)))
    changed = client.get("/overview/parts?days=30", headers=known)
    assert (changed.status_code, changed.headers["ETag"] == first.headers["ETag"]) == (200, False)
    assert 'id="figure-messages">6<' in changed.text


def test_the_overview_says_what_is_new_and_what_leaked(client: FlaskClient, filled: Catalogue) -> None:
    """A sender that tracked before this week is not new; mail with an address in its URLs is counted once."""
    old = datetime.now(UTC) - timedelta(days=20)
    filled.record(seen(78, pixel(1), arrived=old))
    found = data_of(client.get("/overview.json"))
    assert [line["domain"] for line in found["new"]] == ["evil.example"]
    assert found["leaking"] == 3
    page = Tags(client.get("/overview").text).text
    assert "New this week" in page
    assert "messages have an e-mail address in their URLs" in page


def test_the_style_sheet_loads_nothing(app: Flask) -> None:
    """No import, no url(), no font from anywhere; both colour schemes are there."""
    assert app.static_folder is not None
    sheet = (Path(app.static_folder) / "style.css").read_text()
    assert "url(" not in sheet
    assert "@import" not in sheet
    assert "@font-face" not in sheet
    assert "prefers-color-scheme: dark" in sheet
    assert "http" not in (Path(app.static_folder) / "icon.svg").read_text().replace(
        'xmlns="http://www.w3.org/2000/svg"', ""
    )


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "1 %"), (0.5, "50 %"), (0.999, "99 %"), (1, "100 %")]
)
def test_a_share_is_rounded_honestly(share: float, text: str) -> None:
    """Only none is 0, only all is 100."""
    assert words.percent(share) == text


def test_words_of_numbers() -> None:
    """Sizes, thousands, one and many."""
    assert [words.size(n) for n in (0, 999, 20_480, 5_600_000)] == ["0 bytes", "999 bytes", "20 KB", "5.6 MB"]
    assert count(1234567) == "1\u202f234\u202f567"
    assert [ngettext("%(num)s mail", "%(num)s mails", n) for n in (0, 1, 2000)] == [
        "0 mails",
        "1 mail",
        "2\u202f000 mails",
    ]


def test_a_chart_of_nothing_is_none() -> None:
    """And one message fills the scale of one."""
    assert charts.chart((), "day") is None
    assert charts.chart((Bar(date(2026, 1, 1), 0, 0),), "day") is None
    drawn = charts.chart((Bar(date(2026, 1, 1), 1, 1),), "month")
    assert drawn is not None
    assert (drawn.top, drawn.columns[0].all_height, drawn.columns[0].tracked_y) == (1, charts.HEIGHT, 0)
    assert drawn.columns[0].label == "January 2026: 1 message, 1 tracked"
    assert drawn.marks == ("January 2026",)
