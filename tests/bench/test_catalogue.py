"""A small catalogue, walked through as the large one is: what can be counted holds here too."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from tests.bench import walk
from tests.bench.catalogue import asked_for, open_app
from tests.bench.world import Size, World, fill

REFERENCES = 20_000


@pytest.mark.once
def test_every_page_answers_however_it_is_asked(tmp_path: Path) -> None:
    """Each address of the application, in every way the bench asks for it, is answered without an error."""
    with Catalogue.open(f"sqlite:///{tmp_path}/catalogue.sqlite") as store:
        assert fill(store, World(Size.of(REFERENCES))) == REFERENCES // 10
        app, client, headers = open_app(store)
        with walk.statements(store) as heard:
            wanted = asked_for(store, app, client, headers)
            for one in wanted:
                asked = walk.Asked()
                walk.once(client, one, headers, heard, asked)
                assert asked.status < 500, one.name
    assert {one.endpoint for one in wanted} >= {
        "overview.index",
        "messages.index",
        "senders.one",
        "api.messages",
    }
