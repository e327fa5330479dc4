"""`unpixel backup` and `unpixel restore-backup`: the key, the catalogue and the configuration in one file, and back."""

from __future__ import annotations

import secrets
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from blocker.cli.reach import sentences
from blocker.config import Config, ConfigError, default_path, load
from blocker.config.archive import read_archive, write_archive
from blocker.config.model import KEY_BYTES
from blocker.config.private import private_directory, write_private
from blocker.config.read import parse, read_text
from blocker.output.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY, CATALOGUE, CONFIGURATION = "key", "catalogue.sqlite", "config.toml"
FILES = frozenset({KEY, CATALOGUE, CONFIGURATION})
YES = click.option("--yes", is_flag=True, help="Take the place of what is there.")
PLACE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")


@click.command()
@PLACE
@YES
def backup(file: Path, yes: bool) -> None:
    """Write the key, the catalogue and the configuration into FILE, for its owner alone.

    A lost key disowns every neutralised copy. The service may run meanwhile. Passwords are not in the file: those of the
    keyring stay there. Of a catalogue in PostgreSQL the file holds nothing; pg_dump makes its backup.

    \b
    Example:
      unpixel backup ~/unpixel.backup
      unpixel restore-backup ~/unpixel.backup
    """
    if file.exists() and not yes:
        raise click.ClickException(
            f"{file} is there already: name another file, or give --yes to replace it."
        )
    with sentences():
        config = load()
        parts = _write(config, file)
    say(f"{file} holds {', '.join(parts)}.")
    if CATALOGUE not in parts:
        say("The catalogue is in PostgreSQL and not in the file: make its backup with pg_dump.")
    say("Passwords are not in it: where the keyring keeps them, they are asked for again on another machine.")


@click.command("restore-backup")
@PLACE
@YES
def restore_backup(file: Path, yes: bool) -> None:
    """Put back what `unpixel backup` wrote into FILE; it is checked whole before anything is replaced.

    The service must not run. A key and a configuration that are replaced stay beside the new ones, with the date behind
    their name.

    \b
    Example:
      unpixel restore-backup ~/unpixel.backup
    """
    with sentences(), TemporaryDirectory(prefix="unpixel-") as folder:
        try:
            found, _manifest = read_archive(file, Path(folder), FILES)
        except FileNotFoundError as error:
            raise ConfigError(f"{file} is not there; check the path.") from error
        config = _checked(found)
        places = _places(config, found)
        there = [str(place) for name, place in places.items() if _differs(found[name], place, name)]
        if there and not yes:
            raise ConfigError(f"{', '.join(there)} would be replaced: give --yes for that.")
        with _nobody_at_work(config):
            _put_back(found, places)
    say(f"Put back: {', '.join(str(place) for place in places.values())}.")
    if CATALOGUE not in found:
        say("The backup holds no catalogue: put that of PostgreSQL back with pg_restore.")
    say(
        "Passwords were not in the backup: `unpixel account test` says whether each account can be signed in to."
    )


def _write(config: Config, file: Path) -> tuple[str, ...]:
    """Write the archive beside its place, then give it its name; the names of what is in it."""
    from blocker.catalogue.copying import copy_out
    from blocker.catalogue.schema import file_of

    private_directory(file.parent)
    draft = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    with TemporaryDirectory(prefix="unpixel-") as folder:
        files = {KEY: Path(folder, KEY), CONFIGURATION: Path(folder, CONFIGURATION)}
        files[KEY].write_bytes(config.key())
        files[CONFIGURATION].write_text(read_text(config.path), "utf-8")
        if database := _catalogue(config, file_of(config.database)):
            files[CATALOGUE] = Path(folder, CATALOGUE)
            copy_out(database, files[CATALOGUE])
        try:
            write_archive(draft, files, _facts())
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    return tuple(files)


def _catalogue(config: Config, path: Path | None) -> Path | None:
    """The catalogue's file; none of PostgreSQL's. Opened once, so that it exists and has the present schema."""
    from blocker.catalogue import Catalogue

    if path is None and not config.database.startswith("postgres"):
        raise ConfigError("This database is no file: only a catalogue in a file of SQLite can be backed up.")
    if path is not None:
        Catalogue.open(config.database).close()
    return path


def _facts() -> Mapping[str, Any]:
    from importlib.metadata import version

    return {"unpixel": version("unpixel"), "made": datetime.now(UTC).isoformat(timespec="seconds")}


def _checked(found: Mapping[str, Path]) -> Config:
    """The configuration of a backup whose parts are all fit to be used. Raises ConfigError and CatalogueError."""
    from blocker.catalogue.copying import check

    if not {KEY, CONFIGURATION} <= set(found) or found[KEY].stat().st_size != KEY_BYTES:
        raise ConfigError("The key or the configuration in the backup is damaged: take an earlier backup.")
    config = parse(found[CONFIGURATION].read_text("utf-8"), default_path())
    if CATALOGUE in found:
        check(found[CATALOGUE])
    return config


def _places(config: Config, found: Mapping[str, Path]) -> dict[str, Path]:
    """Where each part goes, as the backup's own configuration says."""
    from blocker.catalogue.schema import file_of

    places = {KEY: config.data_dir / KEY, CONFIGURATION: config.path}
    if CATALOGUE in found:
        path = file_of(config.database)
        if path is None:
            raise ConfigError("The backup holds a catalogue, and its configuration names no file for one.")
        places[CATALOGUE] = path
    return places


def _differs(part: Path, place: Path, name: str) -> bool:
    """Whether something else would be replaced; a catalogue always is something else."""
    return place.exists() and (name == CATALOGUE or place.read_bytes() != part.read_bytes())


@contextmanager
def _nobody_at_work(config: Config) -> Iterator[None]:
    """Holds every account, so that no service or sweep works on one. Raises Busy."""
    from blocker.service.exchange.lock import Lock

    with ExitStack() as held:
        for account in config.accounts:
            held.callback(Lock(config.data_dir / "locks", account.name).release)
        yield


def _put_back(found: Mapping[str, Path], places: Mapping[str, Path]) -> None:
    """The catalogue first, in one transaction of its own: where that fails, nothing was changed."""
    from blocker.catalogue.copying import copy_in

    if CATALOGUE in places:
        copy_in(found[CATALOGUE], places[CATALOGUE])
    for name in (KEY, CONFIGURATION):
        place = places[name]
        if _differs(found[name], place, name):
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            write_private(place.with_name(f"{place.name}.{stamp}"), [place.read_bytes()])
        private_directory(place.parent)
        write_private(place, [found[name].read_bytes()])
