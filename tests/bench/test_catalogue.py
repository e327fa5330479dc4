"""A small catalogue, walked through as the large one is: what can be counted holds here too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from blocker.catalogue import Catalogue
from tests.bench import walk
from tests.bench.catalogue import OCTETS, QUERIES, asked_for, octets, open_app
from tests.bench.world import Size, World, fill

REFERENCES = 20_000
READS_ALL = re.compile(r"SCAN message_references\b")
FILTERED = frozenset({"api", "messages", "overview", "senders", "vendors"})
"""Areas whose pages take filters; one way of asking is enough for another."""
WHOLE = frozenset({"messages.index_table", "senders.index_table"})
"""Tables of all: sent piece by piece, each of which is asked for when it is due."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """A catalogue of two thousand messages."""
    place = tmp_path_factory.mktemp("bench")
    with Catalogue.open(f"sqlite:///{place}/catalogue.sqlite") as opened:
        assert fill(opened, World(Size.of(REFERENCES))) == REFERENCES // 10
        yield opened


@pytest.mark.once
def test_every_page_asks_little_however_it_is_asked(store: Catalogue) -> None:
    """Each address is answered without an error, with few queries, none of which reads every reference."""
    app, client, headers = open_app(store)
    planned = set[str]()
    with walk.statements(store) as heard:
        wanted = asked_for(store, app, client, headers)
        for one in {
            one.path if one.endpoint.split(".")[0] in FILTERED else one.endpoint: one for one in wanted
        }.values():
            asked = walk.Asked()
            walk.once(client, one, headers, heard, asked)
            assert asked.status < 500, one.name
            assert asked.queries <= QUERIES or one.endpoint in WHOLE, (one.name, heard.made)
            for statement, parameters in list(heard.made):
                if statement.startswith("SELECT") and statement not in planned:
                    planned.add(statement)
                    plan = plan_of(store, statement, parameters)
                    assert not [step for step in plan if READS_ALL.match(step)], (one.name, statement, plan)
    assert {one.endpoint for one in wanted} >= {
        "overview.index",
        "messages.index",
        "senders.one",
        "api.messages",
    }
    assert len(planned) > 50


def plan_of(store: Catalogue, statement: str, parameters: Any) -> list[str]:
    """The steps in which SQLite answers a query."""
    with store.reading() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


@pytest.mark.once
def test_a_reference_takes_little_room(store: Catalogue) -> None:
    """With views, memory, totals and free pages; in a small catalogue, whose indexes are half empty, too."""
    size = octets(store)
    assert size is not None
    assert 100 < size <= OCTETS
