"""Opening a database: made, brought up, or refused with a sentence and left as it was."""

from __future__ import annotations

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, create_engine, insert, inspect, table

from blocker.catalogue import Catalogue, CatalogueError, rows, schema
from blocker.catalogue.model import (
    AccountRow,
    Base,
    MessageRow,
    SenderRow,
    VendorRow,
)
from tests.catalogue.samples import NOON, pixel, seen


def file_of(url: str) -> Path:
    """The file of a SQLite URL."""
    return Path(url.removeprefix("sqlite:///"))


def test_a_new_database_has_every_table_of_the_model(store: Catalogue) -> None:
    """What the migrations make is what the model says, column for column."""
    with store.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_head_is_the_newest_migration() -> None:
    """The revision that the code asks for is the last of the chain."""
    assert ScriptDirectory.from_config(schema.config()).get_heads() == [schema.HEAD]


def test_a_new_database_is_for_its_owner_alone(url: str) -> None:
    """File, log and folder can be read by nobody else."""
    with Catalogue.open(url) as store:
        store.ensure_account("home", "you@example.net", "report", "standard")
        files = list(file_of(url).parent.iterdir())
        assert {f.name for f in files} >= {"catalogue.sqlite", "catalogue.sqlite-wal"}
        assert all(stat.S_IMODE(f.stat().st_mode) & 0o077 == 0 for f in [*files, file_of(url).parent])


def test_the_database_is_set_for_several_processes(store: Catalogue) -> None:
    """Write-ahead log, foreign keys, commits that reach the disk, a wait for a lock."""
    with store.reading() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        ]
    assert settings == ["wal", 1, 2, schema.BUSY_SECONDS * 1000]


def test_no_column_can_hold_a_body(store: Catalogue) -> None:
    """No table has a column for a message's text, source or parts."""
    inspector = inspect(store.engine)
    columns = {c["name"] for table in inspector.get_table_names() for c in inspector.get_columns(table)}
    assert "subject" in columns
    assert not columns & {"body", "text", "html", "content", "raw_message", "payload", "preview", "eml"}


def test_what_was_written_is_there_after_opening_again(url: str) -> None:
    """A database at the present version is opened as it is."""
    with Catalogue.open(url) as store:
        store.ensure_account("home", "you@example.net", "report", "standard")
        number = store.record(seen(1))
    with Catalogue.open(url) as store:
        found = store.message(number)
    assert found is not None
    assert found.report.message.subject == "Letter 1"


def test_an_older_database_is_brought_up(url: str) -> None:
    """A database before the first revision gets all tables."""
    file_of(url).parent.mkdir()
    with sqlite3.connect(file_of(url)) as raw:
        raw.execute(f"CREATE TABLE {schema.VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)")
    raw.close()
    with Catalogue.open(url) as store:
        assert set(inspect(store.engine).get_table_names()) == {*Base.metadata.tables, schema.VERSION_TABLE}


def first_version(url: str) -> None:
    """Make a database with the first migration alone, one recorded message in it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        made = schema.config()
        made.attributes["connection"] = connection
        command.upgrade(made, "0001")
        connection.execute(insert(AccountRow), [FIRST_ACCOUNT])
        connection.execute(insert(SenderRow), [{"id": 1, "domain": "example.org"}])
        one = seen(1, pixel())
        message = rows.message_values(one, 1, 1) | {"id": 1}
        message = {name: value for name, value in message.items() if name not in LATER}
        typed = [column(name, MessageRow.__table__.c[name].type) for name in message]
        connection.execute(table("messages", *typed).insert(), [message])
        connection.execute(insert(VendorRow), [{"id": 1, "name": "Mailchimp"}])
        for values in rows.reference_values(one, 1, {}, {"Mailchimp": 1}):
            del values["reasons"], values["host_id"]
            values |= {"raw": values["url"], "host": "t.example.com"}
            connection.execute(table("message_references", *map(column, values)).insert(), [values])
            for position, why in enumerate(one.report.references[values["position"]].verdict.reasons):
                row = {"message": 1, "reference": values["position"], "position": position}
                row |= {"rule": why.rule, "detail": why.detail, "weight": why.weight}
                connection.execute(table("reasons", *map(column, row)).insert(), [row])
    engine.dispose()


LATER = {"proven", "traits", "view"}
"""Columns of messages that came with later versions."""
FIRST_ACCOUNT = {
    "id": 1,
    "name": "home",
    "address": "you@example.net",
    "mode": "report",
    "level": "standard",
    "created": NOON,
}


def test_a_database_of_the_first_version_is_brought_up(url: str) -> None:
    """What it holds stays as it was, and can be shown, exported, added to and forgotten as in a new one."""
    file_of(url).parent.mkdir()
    first_version(url)
    with Catalogue.open(url) as store, store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == schema.HEAD
    with Catalogue.open(url) as store:
        (old,) = store.export()
        assert (old["message"]["subject"], old["references"][0]["vendor"]) == ("Letter 1", "Mailchimp")
        assert old["references"] == seen(1, pixel()).report.as_dict()["references"]
        sender = store.sender("example.org")
        assert sender is not None
        assert sender.leaks == (("the recipient's address stands in the URL, MD5 of the address", 1),)
        assert store.overview(None).tracked == 1
        assert store.record(seen(1, pixel())) == 1
        assert store.record(seen(2, pixel())) == 2
        assert store.forget(sender="example.org") == 2


def test_a_newer_database_is_refused_and_not_touched(url: str) -> None:
    """The sentence says what to do, and the file is the same, byte for byte."""
    Catalogue.open(url).close()
    with sqlite3.connect(file_of(url)) as raw:
        raw.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0999'")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    before = file_of(url).read_bytes()
    with pytest.raises(CatalogueError, match=r"newer unpixel .*update unpixel.*nothing was changed"):
        Catalogue.open(url)
    assert file_of(url).read_bytes() == before


def test_a_database_of_another_program_is_refused_and_not_touched(url: str) -> None:
    """We make no tables beside somebody else's."""
    file_of(url).parent.mkdir()
    with sqlite3.connect(file_of(url)) as raw:
        raw.execute("CREATE TABLE recipes (name TEXT)")
    raw.close()
    before = file_of(url).read_bytes()
    with pytest.raises(CatalogueError, match="another program"):
        Catalogue.open(url)
    assert file_of(url).read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_not_touched(url: str) -> None:
    """A mistyped path never costs a file."""
    file_of(url).parent.mkdir()
    file_of(url).write_bytes(b"Dear diary, " * 200)
    with pytest.raises(CatalogueError, match="is no catalogue"):
        Catalogue.open(url)
    assert file_of(url).read_bytes() == b"Dear diary, " * 200


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "cannot be read: write it like"),
        ("sqlite:////proc/none/here.sqlite", "name a place that you may write to"),
        ("oracles://x/y", "cannot be read: write it like"),
    ],
)
def test_a_url_that_leads_nowhere_gets_a_sentence(url: str, words: str) -> None:
    """Each says the next step."""
    with pytest.raises(CatalogueError, match=words):
        Catalogue.open(url)


def test_a_password_in_a_url_is_never_told() -> None:
    """Whatever fails with a server's database, its password is in no sentence."""
    with pytest.raises(CatalogueError) as caught:
        Catalogue.open("postgresql://user:s3cret@127.0.0.1:1/mail")
    assert "s3cret" not in str(caught.value)


def test_a_full_disk_gets_a_sentence_and_keeps_what_was_there(store: Catalogue) -> None:
    """A record that does not fit leaves the catalogue as it was before."""
    store.record(seen(1))
    store.engine.dispose()
    # SQLite's own limit answers as a full disk does (SQLITE_FULL).
    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(CatalogueError, match="full: make room"):
        store.record_many([seen(n) for n in range(2, 2000)])
    assert store.seen_uids("home", "INBOX", 7) == {1}


def test_a_read_only_database_gets_a_sentence_and_can_still_be_read(url: str) -> None:
    """Looking needs no right to write."""
    with Catalogue.open(url) as store:
        store.ensure_account("home", "you@example.net", "report", "standard")
        store.record(seen(1))
        with Catalogue.open(f"sqlite:///file:{file_of(url)}?mode=ro&uri=true") as reader:
            assert reader.overview(None).total == 1
            with pytest.raises(CatalogueError, match="read-only"):
                reader.record(seen(2))
        assert store.seen_uids("home", "INBOX", 7) == {1}


def test_many_who_open_a_new_database_at_once_all_succeed(url: str) -> None:
    """The tables are made once; the others wait and find them."""
    failures: list[Exception] = []

    def open_it() -> None:
        try:
            Catalogue.open(url).close()
        except CatalogueError as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
