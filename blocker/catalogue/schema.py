"""Opening the database: its engine, its settings, and its way up to the present schema.

A database is looked at before anything is written: one of a newer version, or one that is somebody
else's, is left exactly as it was found.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from blocker.catalogue import (
    digests,
    model_access,  # noqa: F401 (its tables are known once it is imported)
    overrides,  # noqa: F401 (as above)
)
from blocker.catalogue.errors import CatalogueError, place, told
from blocker.catalogue.model import Base
from blocker.config.private import only_file, private_directory, write_new

HEAD = "0015"
"""The newest revision in `migrations/versions`; a test keeps the two equal."""
VERSION_TABLE = "unpixel_version"
BUSY_SECONDS = 30

READ = "unpixel_read"
"""Execution option of a connection that only reads: its transaction takes no write lock."""


def open_engine(url: str) -> Engine:
    """An engine for a database URL, the database checked and brought up to `HEAD`.

    Raises CatalogueError: an unreadable URL, a missing driver, a newer or foreign database, a full or
    read-only disk.
    """
    parsed = _parse(url)
    _make_private_file(parsed)
    engine = _create(parsed)
    where = place(parsed)
    try:
        with told(where):
            _bring_up(engine, where)
    except CatalogueError:
        engine.dispose()
        raise
    return engine


def reader(engine: Engine) -> Engine:
    """The same database for transactions that only read, each of which sees one state throughout."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine.execution_options(**{READ: True})


def file_of(url: str) -> Path | None:
    """The file of a SQLite database; None of any other. Raises CatalogueError where the URL cannot be read."""
    return _file(_parse(url))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgres", "postgresql"}:
            parsed = _socket(parsed.set(drivername="postgresql+pg8000"))
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise CatalogueError(
            "The database URL cannot be read: write it like sqlite:////home/you/catalogue.sqlite "
            "or postgresql://user@host/name."
        ) from None
    return parsed


def _socket(url: URL) -> URL:
    """``?host=/folder`` names PostgreSQL's local socket, as in its own programs; the driver wants the socket itself."""
    folder = url.query.get("host")
    if not isinstance(folder, str) or not folder.startswith("/"):
        return url
    path = f"{folder.rstrip('/')}/.s.PGSQL.{url.query.get('port', 5432)}"
    return url.difference_update_query(["host", "port"]).update_query_dict({"unix_sock": path})


def _file(url: URL) -> Path | None:
    """The file of a SQLite URL; None for memory, for SQLite's own `file:` URIs, and for servers."""
    name = url.database
    if not url.drivername.startswith("sqlite") or not name or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name)


def _make_private_file(url: URL) -> None:
    """Make a new SQLite file that its owner alone can read: who wrote to whom is nobody else's business."""
    path = _file(url)
    if path is None:
        return
    try:
        if path.exists():
            only_file(path)
            return
        private_directory(path.parent)
        with suppress(FileExistsError):
            write_new(path, [])
    except OSError as error:
        raise CatalogueError(
            f"The catalogue {path} cannot be made ({error.strerror}): name a place that you may write to."
        ) from error


def _create(url: URL) -> Engine:
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.drivername.startswith("sqlite"):
        options = {
            "connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False},
            "poolclass": QueuePool,
        }
        if _file(url) is None and not (url.database or "").startswith("file:"):
            # A database in memory lives and dies with its connection, so there is exactly one.
            options |= {"pool_size": 1, "max_overflow": 0}
    try:
        engine = create_engine(url, **options)
    except ModuleNotFoundError as error:
        raise CatalogueError(
            f"The driver for this database is not installed: run `pip install {error.name}`, then try again."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _settings)
        event.listen(engine, "begin", _begin)
    return engine


def _settings(connection: Any, record: Any) -> None:  # noqa: ARG001 (SQLAlchemy's signature)
    # The driver's own transactions begin too late (at the first write, after the reads it depends on).
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    # The journal is what the service trusts after a power cut: every commit reaches the disk.
    cursor.execute("PRAGMA synchronous=FULL")
    # What a person has forgotten is overwritten, not only unlinked.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READ, False)
    # A writer that first reads and then asks for the lock could be refused at once; one that asks first waits.
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _version(connection: Connection) -> str | None:
    """The revision a database says it has; None where it is new.

    Raises CatalogueError where the database holds something else.
    """
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        row = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).first()
        if row is not None:
            return str(row[0])
    ours = {*Base.metadata.tables, digests.DigestRow.__tablename__}
    foreign = tables if connection.dialect.name == "sqlite" else tables & ours
    if foreign - {VERSION_TABLE}:
        raise CatalogueError(
            f"The database {place(connection.engine.url)} holds tables of another program: "
            "name a database of its own for the catalogue."
        )
    return None


def _bring_up(engine: Engine, where: str) -> None:
    with reader(engine).connect() as connection:
        version = _version(connection)
    if version == HEAD:
        return
    if version is not None:
        _refuse_newer(version, where)
    if engine.dialect.name == "sqlite":
        _write_ahead(engine)
    with engine.begin() as connection:
        # Another process may have been faster between the look and the lock.
        if _version(connection) != HEAD:
            _upgrade(connection)


def _write_ahead(engine: Engine) -> None:
    """Readers and the writer do not wait for each other; the file remembers this setting."""
    _pragma(engine, "journal_mode=WAL")


def empty_log(engine: Engine) -> None:
    """Empty SQLite's write-ahead log, which still holds what was just erased; readers may delay it."""
    _pragma(engine, "wal_checkpoint(TRUNCATE)")


def _pragma(engine: Engine, words: str) -> None:
    # Outside any transaction, which SQLAlchemy's own connections always begin.
    raw = engine.raw_connection()
    try:
        raw.cursor().execute(f"PRAGMA {words}").fetchall()
    finally:
        raw.close()


def _refuse_newer(version: str, where: str) -> None:
    from alembic.script import ScriptDirectory

    known = {revision.revision for revision in ScriptDirectory.from_config(config()).walk_revisions()}
    if version not in known:
        raise CatalogueError(
            f"The catalogue {where} was written by a newer unpixel (schema {version}, this one knows {HEAD}): "
            "update unpixel, or name another database; nothing was changed."
        )


def config() -> Any:
    """Alembic's configuration: the migrations travel inside this package."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", "blocker.catalogue:migrations")
    return made


def _upgrade(connection: Connection) -> None:
    from alembic import command

    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")
