"""What the migrations make of catalogues of unpixel 0.1.0, and what is left where one is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, event, select, text

from blocker.catalogue import Catalogue, JournalRow, schema
from blocker.catalogue.codes import Outcome, Stage
from blocker.catalogue.model import Base, FolderCursorRow, SweepRow, VendorRow
from tests.catalogue import old
from tests.servers.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database()


@contextmanager
def raw(url: str) -> Iterator[Any]:
    """A connection that knows nothing of the model."""
    engine = create_engine(schema._parse(url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("name", old.NAMES)
def test_cursors_sweeps_and_codes_are_carried_over(place: str, name: str) -> None:
    """Each folder keeps its cursor, each sweep its wish, each ended exchange gets its code; no other row is in the journal."""
    old.make(place, name)
    with raw(place) as connection:
        cursors = connection.execute(
            text("SELECT account, mailbox, uidvalidity, uidnext FROM journal WHERE uid = 0")
        ).all()
        messages = connection.scalar(text("SELECT COUNT(*) FROM journal WHERE uid > 0"))
    assert len(cursors) > 13
    with Catalogue.open(place) as store, store.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []
        kept = connection.execute(select(*_columns(FolderCursorRow))).all()
        assert sorted(map(tuple, kept)) == sorted(map(tuple, cursors))
        sweeps = [tuple(row) for row in connection.execute(select(*_columns(SweepRow)))]
        asked = ("replace", "standard", None, 5, 7)
        assert sweeps == ([("sweep", "INBOX", 1001, *asked)] if name >= "0003" else [])
        rows = connection.execute(select(*_columns(JournalRow))).all()
    assert len(rows) == messages
    for row in rows:
        assert row.uid > 0
        assert (row.outcome is not None) == (row.step in (Stage.DONE, Stage.RESTORED)), row
        assert row.outcome is None or Outcome(row.outcome)
        assert "{" not in row.detail
    by_account = {row.account: row for row in rows}
    planned = by_account["planned"]
    assert (planned.mode, planned.flags, planned.internal_date) == (
        "replace",
        ["\\Seen", "work"],
        "2025-03-30T01:59:07+02:00",
    )
    assert len(planned.sha256) == 64
    outcomes = {name: by_account[name].outcome for name in ("copied", "restoring")}
    assert outcomes == {"copied": Outcome.COPIED, "restoring": Outcome.RESTORING}


def _columns(table: Any) -> tuple[Any, ...]:
    return tuple(column for column in table.__table__.columns)


def test_a_wish_that_names_a_day_keeps_it(place: str) -> None:
    """A sweep of mail since a day goes on as that, and one whose row cannot be read begins anew."""
    old.make(place, "0003")
    engine = create_engine(schema._parse(place))
    with engine.begin() as connection:
        wish = '{"wish": "copy/strict/2026-01-31", "low": 4, "top": 5}'
        for account, said in (("sweep", wish), ("planned", "no JSON"), ("copied", '{"wish": "report"}')):
            row = {"said": said, "name": account, "uid": -1 if account == "sweep" else 0}
            changed = "UPDATE journal SET uid = -1, detail = :said WHERE account = :name AND uid = :uid"
            assert connection.execute(text(changed), row).rowcount == 1
    engine.dispose()
    with Catalogue.open(place) as store, store.reading() as connection:
        (sweep,) = connection.execute(select(*_columns(SweepRow))).all()
    assert (sweep.mode, sweep.level, sweep.since) == ("copy", "strict", date(2026, 1, 31))


def test_unnamed_mailers_and_missing_views_are_known(place: str) -> None:
    """A vendor without a name of its own is marked as that; a view that is JSON's null is none."""
    old.make(place, "0005b")
    engine = create_engine(schema._parse(place))
    with engine.begin() as connection:
        for number, name in ((77, "Unnamed mailer app/wrap"), (78, "Unnamed Ltd")):
            connection.exec_driver_sql(f"INSERT INTO vendors (id, name) VALUES ({number}, '{name}')")
        connection.exec_driver_sql("UPDATE messages SET view = 'null'")
    engine.dispose()
    with Catalogue.open(place) as store, store.reading() as connection:
        found = connection.execute(select(VendorRow.name, VendorRow.named))
        named = {row.name: row.named for row in found}
        assert connection.scalar(text("SELECT COUNT(*) FROM messages WHERE view IS NOT NULL")) == 0
    assert (named["Unnamed mailer app/wrap"], named["Unnamed Ltd"]) == (False, True)


def opened_and_killed(url: str, after: int) -> bool:
    """Open a catalogue in a process that kills itself after so many statements; whether it was killed."""
    child = os.fork()
    if not child:
        try:
            left = iter(range(after))

            @event.listens_for(Engine, "after_cursor_execute")
            def _count(*_: object) -> None:
                if next(left, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)

            Catalogue.open(url).close()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def content(url: str) -> list[tuple[Any, ...]]:
    """The revision, and every row of the journal and of what came out of it."""
    with raw(url) as connection:
        found = [tuple(connection.execute(text(f"SELECT * FROM {schema.VERSION_TABLE}")).one())]
        tables = ("journal", "folder_cursors", "sweeps") if found[0][0] == schema.HEAD else ("journal",)
        for table in tables:
            found += sorted(map(tuple, connection.execute(text(f"SELECT * FROM {table}"))), key=repr)
    return found


def test_a_migration_that_is_killed_is_done_again(place: str) -> None:
    """Wherever it is killed the catalogue is as it was, and the next one who opens it gets all of it."""
    old.make(place, "0005b")
    before = content(place)
    killed = 0
    while opened_and_killed(place, 3 * killed):
        assert content(place) == before
        killed += 1
    assert killed > 10
    after = content(place)
    assert after[0] == (schema.HEAD,)
    with Catalogue.open(place) as store, store.reading() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM folder_cursors")) > 13
    assert content(place) == after
    if place.startswith("sqlite"):
        with sqlite3.connect(place.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
