"""backup and restore-backup: whole, private, checked before anything is replaced."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocker.catalogue import Catalogue
from blocker.cli import main
from blocker.config import load
from blocker.service.exchange.lock import Lock
from tests.catalogue.samples import pixel, report, seen

CONFIG = (
    '# mine\ndata_dir = "data"\n[accounts.home]\naddress = "you@example.net"\nhost = "imap.example.net"\n'
    'password_env = "SECRET"\n'
)


def unpixel(*arguments: str | Path) -> Result:
    """A command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration, a key, and a catalogue with two messages."""
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "home" / "config.toml"))
    monkeypatch.setenv("SECRET", "correct-horse")
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "config.toml").write_text(CONFIG)
    load().key()
    with Catalogue.open(load().database) as store:
        store.ensure_account("home", "you@example.net", "report", "standard")
        store.record_many([seen(number, made=report(number, pixel())) for number in (1, 2)])
    return tmp_path / "home"


def subjects() -> list[str]:
    """Of the messages that the catalogue knows."""
    with Catalogue.open(load().database) as store:
        return [detail.report.message.subject for detail in store.details()]


def wiped(home: Path) -> None:
    """The machine is lost."""
    for path in sorted(home.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def test_all_of_it_comes_back(home: Path, tmp_path: Path) -> None:
    """Key, configuration and catalogue, on a machine that has nothing; the file is its owner's alone."""
    key, file = load().key(), tmp_path / "b"
    done = unpixel("backup", file)
    assert (done.exit_code, done.output.splitlines()[1:]) == (
        0,
        [
            "Passwords are not in it: where the keyring keeps them, they are asked for again on another machine."
        ],
    )
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"correct-horse" not in file.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    wiped(home)
    assert unpixel("restore-backup", file).exit_code == 0
    assert (load().key(), (home / "config.toml").read_text()) == (key, CONFIG)
    assert subjects() == ["Letter 1", "Letter 2"]
    assert {path.stat().st_mode & 0o077 for path in (home / "data").iterdir()} == {0}


def test_nothing_is_overwritten_unasked(home: Path, tmp_path: Path) -> None:
    """Neither the file nor what it would replace; with --yes the old key and configuration stay beside the new."""
    file = tmp_path / "b"
    assert unpixel("backup", file).exit_code == 0
    made = file.read_bytes()
    assert "give --yes to replace it" in unpixel("backup", file).output
    assert file.read_bytes() == made
    (home / "config.toml").write_text(CONFIG + "# changed\n")
    (home / "data" / "key").write_bytes(b"k" * 32)
    with Catalogue.open(load().database) as store:
        store.record(seen(3, made=report(3)))
    refused = unpixel("restore-backup", file)
    assert refused.exit_code == 1
    assert all(name in refused.output for name in ("key", "config.toml", "catalogue.sqlite", "--yes"))
    assert (load().key(), len(subjects())) == (b"k" * 32, 3)
    with Catalogue.open(load().database) as still_open:
        assert unpixel("restore-backup", file, "--yes").exit_code == 0
        assert len(list(still_open.details())) == 2
    assert load().key() != b"k" * 32
    assert [path.read_bytes() for path in (home / "data").glob("key.*")] == [b"k" * 32]
    assert [path.read_text() for path in home.glob("config.toml.*")] == [CONFIG + "# changed\n"]


def test_a_service_at_work_is_left_alone(home: Path, tmp_path: Path) -> None:
    """The catalogue is not replaced under it."""
    file = tmp_path / "b"
    unpixel("backup", file)
    lock = Lock(home / "data" / "locks", "home", serves=True)
    try:
        refused = unpixel("restore-backup", file, "--yes")
    finally:
        lock.release()
    assert refused.exit_code == 1
    assert "home" in refused.output


def changed(file: Path, name: str, content: bytes, *, kind: bytes = tarfile.REGTYPE, to: str = "") -> Path:
    """The archive with one file's content another one, its digest in the manifest left as it was."""
    out = file.with_name("changed")
    with tarfile.open(file) as old, tarfile.open(out, "w") as new:
        for entry in old:
            body = content if entry.name == name else (old.extractfile(entry) or io.BytesIO()).read()
            if entry.name == name:
                entry.size, entry.type, entry.linkname = len(body), kind, to
            new.addfile(entry, io.BytesIO(body))
    return out


@pytest.mark.parametrize("name", ["key", "config.toml", "catalogue.sqlite", "manifest.json"])
def test_a_damaged_backup_replaces_nothing(home: Path, tmp_path: Path, name: str) -> None:
    """Whatever part of it is damaged; so it is with what is no backup, and with half of one."""
    file = tmp_path / "b"
    unpixel("backup", file)
    wiped(home)
    bad = [changed(file, name, b"x" * 32), tmp_path / "half", tmp_path / "none", tmp_path / "gone"]
    bad[1].write_bytes(file.read_bytes()[:-20_000])
    bad[2].write_bytes(b"x" * 5000)
    for one in bad:
        result = unpixel("restore-backup", one, "--yes")
        assert (result.exit_code, len(result.output.splitlines())) == (1, 1), result.output
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_an_archive_leads_nowhere_else(home: Path, tmp_path: Path, kind: bytes) -> None:
    """A link in place of the key is no key; names that the manifest must not have are refused."""
    file = tmp_path / "b"
    unpixel("backup", file)
    wiped(home)
    assert unpixel("restore-backup", changed(file, "key", b"", kind=kind, to="/etc/passwd")).exit_code == 1
    with tarfile.open(file) as archive:
        manifest = json.load(archive.extractfile("manifest.json") or io.BytesIO())
    manifest["files"]["../../evil"] = "0" * 64
    other = changed(file, "manifest.json", json.dumps(manifest).encode())
    assert "is no backup of unpixel" in unpixel("restore-backup", other).output
    assert not list(tmp_path.rglob("evil")) and list(home.iterdir()) == []


def test_a_catalogue_that_is_damaged_inside(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With digests that fit: the database itself is checked, and one of a newer version is refused."""
    with sqlite3.connect(home / "data" / "catalogue.sqlite") as connection:
        connection.execute("UPDATE unpixel_version SET version_num = '9999'")
    monkeypatch.setattr("blocker.cli.backup._catalogue", lambda _config, path: path)
    file = tmp_path / "b"
    assert unpixel("backup", file).exit_code == 0
    wiped(home)
    assert "newer unpixel" in unpixel("restore-backup", file).output
    assert list(home.iterdir()) == []


def test_postgresql_says_how_to_go_on(home: Path, tmp_path: Path) -> None:
    """The key and the configuration are saved all the same, and come back."""
    text = 'database = "postgresql://nobody@127.0.0.1:1/none"\n' + CONFIG
    (home / "config.toml").write_text(text)
    made = unpixel("backup", tmp_path / "b")
    assert (made.exit_code, "pg_dump" in made.output) == (0, True), made.output
    key = load().key()
    wiped(home)
    back = unpixel("restore-backup", tmp_path / "b")
    assert (back.exit_code, "pg_restore" in back.output) == (0, True), back.output
    assert (load().key(), (home / "config.toml").read_text()) == (key, text)
