"""Areas are found where they lie, and the menu is made of what they say of themselves."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from webui.areas import __file__ as here
from webui.areas import areas, menu


def test_every_module_is_served(app: Flask) -> None:
    """Each file and folder beside the package's own file is an area of that name, and the application answers with it."""
    found = {path.stem for path in Path(here).parent.iterdir()} - {"__init__", "__pycache__"}
    assert {blueprint.name for blueprint in areas()} == found
    assert found <= app.blueprints.keys()


def test_the_menu_has_its_order_on_every_page(client: FlaskClient) -> None:
    """Titles stand as their places say, each leads to its page, and there it is marked."""
    titles = [entry.title for entry in menu()]
    assert (titles[0], len(titles)) == ("Overview", len({entry.place for entry in menu()}))
    for entry in menu():
        with client.application.test_request_context():
            address = client.application.url_for(entry.endpoint)
        page = client.get(address).text.partition('aria-label="Pages"')[2].partition("</nav>")[0]
        links = re.findall(r'<li><a href="([^"]+)"( aria-current="page")?>([^<]+)</a></li>', page)
        assert [title for _, _, title in links] == titles
        assert [(link, title) for link, marked, title in links if marked] == [(address, entry.title)]
