"""A wrong verdict is said on its message's page, listed on its own, and taken back on either."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue
from blocker.cli import main
from tests.catalogue.samples import judged, report, seen
from tests.webui.conftest import HOSTILE_URL, csrf_of, data_of


def said(client: FlaskClient, message: int, says: str, reference: str = "0") -> int:
    """Say something; the status of the answer."""
    form = {"csrf": csrf_of(client.get("/messages").text), "reference": reference, "says": says}
    return client.post(f"/messages/{message}/feedback", data=form).status_code


def test_said_listed_and_taken_back(client: FlaskClient) -> None:
    """The button becomes a notice with a button to take it back; the list has it; afterwards all is as before."""
    before = client.get("/messages/1").text
    assert "This verdict is wrong: it is no tracker" in before
    assert "This verdict is wrong: it is a tracker" in before
    assert said(client, 1, "harmless") == 303
    page = client.get("/messages/1").text
    assert "You said of URLs of this form: no tracker." in page
    assert "only for mail that is proven" in page
    (line,) = data_of(client.get("/feedback.json"))["feedback"]
    assert (line["template"], line["account"], line["sender"], line["says"]) == (
        "t.example.com/open?m=*",
        "home",
        "example.org",
        "harmless",
    )
    assert "<code>t.example.com/open?m=*</code>" in client.get("/feedback").text
    csrf = {"csrf": csrf_of(page)}
    assert (
        client.post(f"/feedback/{line['id']}/revoke?message=1", data=csrf).headers["Location"]
        == "/messages/1"
    )
    assert client.post(f"/feedback/{line['id']}/revoke", data=csrf).status_code == 404
    assert data_of(client.get("/feedback.json")) == {"feedback": []}
    assert "Nothing corrected" in client.get("/feedback").text


@pytest.mark.parametrize(
    ("message", "says", "reference", "status"),
    [
        (1, "nonsense", "0", 400),
        (1, "tracker", "x", 400),
        (1, "tracker", "99", 404),
        (99, "tracker", "0", 404),
        (4, "tracker", "1", 400),
    ],
)
def test_what_cannot_be_said(
    client: FlaskClient, message: int, says: str, reference: str, status: int
) -> None:
    """No such word, reference or message; a reference without a URL."""
    assert said(client, message, says, reference) == status
    assert data_of(client.get("/feedback.json")) == {"feedback": []}


def test_markup_stays_text(client: FlaskClient, filled: Catalogue) -> None:
    """A hostile URL, sender and vendor are shown as what they are, on every page that shows them."""
    name = "<svg onload=alert(1)>.example"
    made = report(
        70, judged(HOSTILE_URL, "pixel", "<b>Vendor</b>"), domain=name, subject="<script>x</script>"
    )
    number = filled.record(seen(70, made=made, mailbox="<u>box</u>"))
    assert said(client, number, "harmless") == 303
    for path in (
        "/feedback",
        "/senders",
        f"/senders/{name}",
        "/messages",
        f"/messages/{number}",
        "/senders?vendor=<b>Vendor</b>&text=<script>&level=<u>&order=<u>&way=<u>",
        "/messages?sender=<script>&host=<svg onload=1>&vendor=<b>&proof=<u>",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        ours = re.sub(r'<script[^>]* src="/static/[^">]*"[^>]*></script>', "", page.text)
        tags = set(re.findall(r"<([a-z]+)[ >]", ours))
        assert not tags & {"script", "u", "b"}, path
        assert "onload=alert(1)>" not in re.sub(r"&lt;.*?&gt;", "", page.text), path
        assert "<svg onload" not in page.text, path


def test_the_command(filled: Catalogue, client: FlaskClient) -> None:
    """Lists, exports without account and tokens, and takes back; what is not there is said."""
    assert said(client, 1, "harmless") == 303
    url = ["--database", str(filled.engine.url)]

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["feedback", *arguments, *url])
        return done.exit_code, done.output

    assert "no tracker (was: pixel)  t.example.com/open?m=*" in run("list")[1]
    (exported,) = map(json.loads, run("export")[1].splitlines())
    assert set(exported) == {"template", "sender", "says", "verdict", "vendor", "vector", "rules"}
    assert "home" not in run("export")[1]
    number = str(json.loads(run("list", "--json")[1])["id"])
    assert run("revoke", number)[0] == 0
    assert run("revoke", number)[0] == 1
    assert "Nothing was said" in run("list")[1]
