"""How fast the pages and the API are over a large catalogue, how fast it takes mail in, and how large it is.

    python -m tests.bench.catalogue [--references N] [--database URL | --postgres] [--keep FILE] [--rounds N]

Fills a catalogue of its own by way of its own ingest (or takes the one that `--keep` left), asks for every page and
endpoint in many ways, and gives the worst of each. The bars are for 1,000,000 references on two cores with nothing beside.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from blocker.catalogue import Catalogue, Seen
from tests.bench import walk
from tests.bench.world import ACCOUNTS, Size, World, fill
from tests.servers.postgres import Postgres
from webui import create_app
from webui.access.sessions import one_time_link
from webui.access.tokens import new_token

MILLISECONDS = 100.0
"""95 of 100 answers of each page and endpoint take at most so long."""
QUERIES = 12
"""And ask the database at most so often."""
INGEST = 1000
INGEST_SECONDS = 2.0
OCTETS = 750.0
"""A reference on SQLite, with everything that belongs to it."""


@dataclass(frozen=True)
class Line:
    """The worst of an endpoint."""

    endpoint: str
    ways: int
    p95: float
    processor: float
    """Of the worst by this process's own work: what a busy machine adds least to."""
    queries: int
    slowest: str
    status: int

    @property
    def holds(self) -> bool:
        """Whether it keeps to the bars."""
        return self.p95 <= MILLISECONDS and self.queries <= QUERIES and self.status < 500


def open_app(store: Catalogue) -> tuple[Flask, FlaskClient, dict[str, str]]:
    """The application over a catalogue, a browser that is logged in, and what a program sends with its requests."""
    app = create_app(store, secret="for the bench only", key=b"k" * 32)
    client = app.test_client()
    link = one_time_link(store, "http://localhost").removeprefix("http://localhost")
    assert client.get(link).status_code == 303
    return app, client, {"Authorization": f"Bearer {new_token(store)}"}


def asked_for(
    store: Catalogue, app: Flask, client: FlaskClient, headers: Mapping[str, str]
) -> list[walk.Ask]:
    """Every request that is made."""
    described = client.get(f"{walk.API}/openapi.json", headers=dict(headers)).get_json()
    return list(walk.asks(app, walk.Some(store), described))


def pages(store: Catalogue, rounds: int) -> tuple[list[Line], list[str]]:
    """The worst of each endpoint, and what was not asked."""
    app, client, headers = open_app(store)
    wanted = asked_for(store, app, client, headers)
    found: dict[walk.Ask, walk.Asked] = defaultdict(walk.Asked)
    with walk.statements(store) as heard:
        for _ in range(rounds + 1):
            for one in wanted:
                walk.once(client, one, headers, heard, found[one])
    for asked in found.values():
        # The first round fills caches.
        del asked.milliseconds[0], asked.processor[0]
    return list(_lines(found)), walk.unasked(app)


def _lines(found: Mapping[walk.Ask, walk.Asked]) -> Iterator[Line]:
    by_endpoint: dict[str, list[tuple[walk.Ask, walk.Asked]]] = defaultdict(list)
    for one, asked in found.items():
        by_endpoint[one.endpoint].append((one, asked))
    for endpoint, several in sorted(by_endpoint.items()):
        slowest, worst = max(several, key=lambda pair: pair[1].p95)
        yield Line(
            endpoint=endpoint,
            ways=len(several),
            p95=worst.p95,
            processor=max(walk.percentile(asked.processor, 95) for _, asked in several),
            queries=max(asked.queries for _, asked in several),
            slowest=slowest.name,
            status=max(asked.status for _, asked in several),
        )


def ingest(store: Catalogue) -> float:
    """Seconds in which the catalogue takes in `INGEST` reports of new mail, a hundred a transaction."""
    world = World(Size(10 * INGEST, INGEST, 200), seed=int(time.time()))
    new = [_new(one, number) for number, one in enumerate(world.mail(), 1)]
    start = time.perf_counter()
    for at in range(0, len(new), 100):
        store.record_many(new[at : at + 100])
    return time.perf_counter() - start


def _new(one: Seen, number: int) -> Seen:
    """The same message in a folder of its own."""
    return replace(one, mailbox=f"New {time.time_ns()}", uid=number, internal_date=datetime.now(UTC))


def octets(store: Catalogue) -> float | None:
    """Octets a reference, free pages included; None on a database that is no file."""
    with store.reading() as connection:
        number = connection.scalar(text("SELECT COUNT(*) FROM message_references")) or 1
        if connection.dialect.name != "sqlite":
            return None
        count = connection.scalar(text("PRAGMA page_count")) or 0
        size = connection.scalar(text("PRAGMA page_size")) or 0
    return count * size / number


@contextmanager
def place(given: argparse.Namespace) -> Iterator[str]:
    """The URL of the database to measure on."""
    if given.database:
        yield given.database
    elif given.postgres:
        server = Postgres()
        try:
            yield server.start().database()
        finally:
            server.stop()
    else:
        with tempfile.TemporaryDirectory() as home:
            yield f"sqlite:///{given.keep or Path(home) / 'catalogue.sqlite'}"


def filled(store: Catalogue, references: int) -> str:
    """Fill an empty catalogue; what there is in one sentence."""
    start, cpu = time.perf_counter(), time.process_time()
    if not store.accounts():
        fill(store, World(Size.of(references)))
    with store.reading() as connection:
        counted = connection.scalar(text("SELECT COUNT(*) FROM message_references"))
        messages = connection.scalar(text("SELECT COUNT(*) FROM messages"))
    took = f"{time.perf_counter() - start:.0f} s, {time.process_time() - cpu:.0f} s of processor"
    return f"{counted:,} references, {messages:,} messages, {len(ACCOUNTS)} accounts ({took})"


def measure(store: Catalogue, references: int, rounds: int) -> bool:
    """Measure and print everything; whether every bar is kept."""
    print(filled(store, references), flush=True)
    size = octets(store)
    seconds = ingest(store)
    lines, unasked = pages(store, rounds)
    print(f"{'endpoint':28} {'ways':>4} {'p95 ms':>7} {'of CPU':>7} {'queries':>7}  slowest")
    for line in lines:
        mark = "" if line.holds else "  <-- over the bar"
        print(
            f"{line.endpoint:28} {line.ways:4} {line.p95:7.1f} {line.processor:7.1f} {line.queries:7}  {line.slowest}{mark}"
        )
    if unasked:
        print(f"not asked, as they only take something: {', '.join(unasked)}")
    print(f"{INGEST} reports are taken in within {seconds:.2f} s (bar {INGEST_SECONDS})")
    if size is not None:
        print(f"{size:.0f} octets a reference (bar {OCTETS:.0f})")
    good = [seconds <= INGEST_SECONDS, size is None or size <= OCTETS, *(line.holds for line in lines)]
    return all(good)


def main() -> int:
    """Measure, print, and give 1 where a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--references", type=int, default=1_000_000)
    parser.add_argument("--database", metavar="URL", help="an empty database, or one that this has filled")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own")
    parser.add_argument("--keep", metavar="FILE", help="keep the SQLite file, or take the one that is there")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    with place(given) as url, Catalogue.open(url) as store:
        return 0 if measure(store, given.references, given.rounds) else 1


if __name__ == "__main__":
    raise SystemExit(main())
