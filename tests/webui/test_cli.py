"""The commands web, senders, export and forget."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocker.catalogue import Catalogue
from blocker.cli import main
from tests.catalogue.samples import report, seen
from tests.patience import BUSY


@pytest.fixture
def database(filled: Catalogue) -> str:
    """The URL of the filled catalogue."""
    return str(filled.engine.url)


def run(*arguments: str, given: str | None = None) -> Result:
    """One run of the command line."""
    return CliRunner().invoke(main, arguments, input=given)


def test_senders_are_listed(database: str) -> None:
    """As a table for people and as objects for programs, in the order asked for."""
    table = run("senders", "--database", database)
    assert table.exit_code == 0
    assert [line.split()[:3] for line in table.output.splitlines()[1:]] == [
        ["example.org", "2", "4"],
        ["evil.example", "1", "1"],
    ]
    lines = run("senders", "--json", "--order", "name", "--database", database).output.splitlines()
    assert [json.loads(line)["domain"] for line in lines] == ["evil.example", "example.org"]
    assert json.loads(lines[1])["share"] == 0.5


def test_an_empty_catalogue_says_how_to_fill_it(tmp_path: Path) -> None:
    """And is no failure."""
    result = run("senders", "--database", f"sqlite:///{tmp_path}/new.sqlite")
    assert result.exit_code == 0
    assert "unpixel run" in result.output


def test_the_export_has_every_message(filled: Catalogue, database: str) -> None:
    """jsonl: the catalogue's own objects. csv: a line each, references counted by verdict."""
    lines = run("export", "--database", database).output.splitlines()
    assert [json.loads(line) for line in lines] == list(filled.export())
    rows = list(csv.DictReader(io.StringIO(run("export", "--format", "csv", "--database", database).output)))
    assert [(r["imap_uid"], r["pixel"], r["personal"], r["content"], r["action"]) for r in rows] == [
        ("1", "1", "0", "1", "replaced"),
        ("2", "1", "0", "0", "left"),
        ("3", "1", "0", "0", "reported"),
        ("5", "0", "1", "1", "reported"),
        ("4", "0", "0", "0", "reported"),
    ]
    assert rows[0]["vendors"] == "Mailchimp"
    assert rows[3]["receipts"] == "1"


@pytest.mark.parametrize("subject", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1"])
def test_a_spreadsheet_takes_no_subject_for_a_formula(filled: Catalogue, database: str, subject: str) -> None:
    """Such a cell begins with an apostrophe; white space before it is left out."""
    filled.record(seen(77, made=report(77, subject=subject)))
    output = run("export", "--format", "csv", "--database", database).output
    rows = list(csv.DictReader(io.StringIO(output)))
    assert rows[-1]["subject"] == "'" + subject.strip()


ADVICE = "answer y, or give --yes"


def subjects(store: Catalogue) -> list[str]:
    """What the catalogue still knows, oldest row first."""
    return [found["message"]["subject"] for found in store.export()]


@pytest.mark.parametrize(
    ("wish", "said", "left"),
    [
        (("--sender", "evil.example"), "1 message was forgotten", 4),
        (("--sender", "example.org"), "4 messages were forgotten", 1),
        (("--before", "2100-01-01"), "5 messages were forgotten", 0),
        (("--before", "2000-01-01"), "The catalogue knows no such message.", 5),
        (("--sender", "evil.example", "--before", "2000-01-01"), "no such message of evil.example", 5),
        (("--sender", "nobody.example"), "`unpixel senders` lists whom it knows", 5),
        (("--all",), "5 messages were forgotten, with references, reasons and what was learnt from them.", 0),
    ],
)
def test_what_is_named_is_forgotten(
    filled: Catalogue, database: str, wish: tuple[str, ...], said: str, left: int
) -> None:
    """That, and nothing else; the command says how much it was."""
    result = run("forget", "--yes", "--database", database, *wish)
    assert (result.exit_code, result.output.count("\n")) == (0, 1)
    assert said in result.output
    assert len(subjects(filled)) == left


def test_forgetting_asks_first(filled: Catalogue, database: str) -> None:
    """Only y forgets; no answer, and no, forget nothing and are a failure with the next step."""
    for answer in ("n\n", "", "\n"):
        refused = run("forget", "--all", "--database", database, given=answer)
        assert refused.exit_code == 1
        assert "Forget 5 messages" in refused.output
        assert ADVICE in refused.output
    assert len(subjects(filled)) == 5
    agreed = run("forget", "--all", "--database", database, given="y\n")
    assert agreed.exit_code == 0
    assert subjects(filled) == []


@pytest.mark.parametrize(
    "wish", [(), ("--yes",), ("--all", "--sender", "example.org"), ("--all", "--before", "2026-01-01")]
)
def test_forgetting_wants_to_know_what(filled: Catalogue, database: str, wish: tuple[str, ...]) -> None:
    """Nothing, or everything and something, is wrong use."""
    result = run("forget", "--database", database, *wish)
    assert result.exit_code == 2
    assert "--sender, --before, both, or else --all" in result.output
    assert len(subjects(filled)) == 5


@pytest.mark.parametrize(
    "command",
    [("senders",), ("export",), ("forget", "--all"), ("token", "add", "x"), ("user", "password", "--stdin")],
)
def test_a_wrong_database_fails_in_a_sentence(command: tuple[str, ...]) -> None:
    """Exit code 1 and one line."""
    result = run(*command, "--database", "nonsense", given="x" * 12)
    assert result.exit_code == 1
    assert result.output.startswith("Error: The database URL cannot be read")
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("web",),
        ("web", "serve"),
        ("senders",),
        ("export",),
        ("forget",),
    ],
)
def test_every_command_helps_with_an_example(command: tuple[str, ...]) -> None:
    """--help shows how it is used."""
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Example:" in result.output
    assert f"unpixel {command[0]}" in result.output


@pytest.mark.parametrize(
    "wrong",
    [
        ("senders", "--order", "luck"),
        ("export", "--format", "xml"),
        ("forget", "--before", "yesterday"),
        ("web", "--port", "70000"),
    ],
)
def test_wrong_use_is_exit_code_2(wrong: tuple[str, ...]) -> None:
    """As for every command."""
    assert run(*wrong).exit_code == 2


def test_web_serves_until_it_is_told_to_end(database: str, tmp_path: Path) -> None:
    """`unpixel web` alone serves, prints its address and, without a password, a link; SIGINT ends it within 2 s with 0."""
    env = os.environ | {
        "UNPIXEL_CONFIG": str(tmp_path / "none" / "config.toml"),
        "XDG_DATA_HOME": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
    }
    code = "from blocker.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "web", "--port", "0", "--database", database],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", first)
        assert found, first
        assert "unpixel user password" in process.stdout.readline()
        link = process.stdout.readline().strip()
        assert link.startswith(found[0] + "/login/")
        with urllib.request.urlopen(found[0] + "/healthz", timeout=60) as answer:
            assert answer.read() == b"ok\n"
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert time.monotonic() - began < 2 * BUSY
    finally:
        process.kill()
        process.stdout.close()


def test_a_taken_port_fails_in_a_sentence(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says which option helps."""
    import socket

    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "none" / "config.toml"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("web", "--port", str(taken.getsockname()[1]), "--database", database)
    assert result.exit_code == 1
    assert "name another with --host or --port" in result.output
