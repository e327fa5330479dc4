"""No mail and no server steers a terminal, forges a line, or puts a formula into a table: each command and export.

Every field that a mail, a server or a file's name controls holds every control, direction and invisible character.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from click.testing import CliRunner, Result

from blocker.catalogue import Catalogue
from blocker.cli import explain, main
from blocker.cli.running import Printer
from blocker.detect.judge import scan
from blocker.detect.reasons import reason, told
from blocker.detect.report import KINDS, Envelope, Judged, Report, Verdict
from blocker.doctor.findings import Findings
from blocker.mailbox.protocol import MailboxError
from blocker.message.model import Links, Receipt
from blocker.service import Event
from blocker.service.exchange.events import Action
from tests.catalogue.samples import seen
from tests.fixtures.paths import FIXTURES
from tests.output.steering import FORMULAS, STEERING, hostile, steered

TERMINAL = {"FORCE_COLOR": "1", "COLUMNS": "100"}
"""rich styles what it prints, as in front of a person."""


def run(*arguments: str, given: bytes | str | None = None, env: dict[str, str] | None = None) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, arguments, input=given, env=env)


def spoken(result: Result, exit_code: int = 0) -> str:
    """What a command printed on both streams; it steers nothing."""
    assert result.exit_code == exit_code, (result.output, result.exception)
    assert steered(result.output) == set()
    return result.output


def the_report(envelope: str = "") -> Report:
    """Every text of a report hostile; those of its envelope as given instead."""
    why = (told("geometry.tiny", hostile("detail"), 2.5), reason("identity.name", hostile("detail")))
    judged = [
        Judged(
            url=hostile("url"),
            raw=hostile("raw"),
            vector=hostile("vector"),
            element=hostile("element"),
            part=hostile("part"),
            span=(1, 2),
            verdict=Verdict(kind, 0.9, hostile("vendor"), why),
        )
        for kind in KINDS
    ]
    texts = {name: envelope or hostile(name) for name in Envelope._fields} | {"sha256": "0" * 64}
    receipts = (Receipt(hostile("header"), hostile("value"), (3, 4)),)
    return Report(
        message=Envelope(**texts),
        references=tuple(judged),
        receipts=receipts,
        links=Links(1, 1),
        signed=True,
        unjudged=1,
        error=hostile("error"),
    )


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Report:
    """What every message is found to be."""
    made = the_report()
    monkeypatch.setattr("blocker.detect.judge.scan", lambda *_, **__: made)
    monkeypatch.setattr(explain, "scan", lambda *_, **__: made)
    return made


@pytest.mark.parametrize("arguments", [("scan", "-"), ("explain", "-"), ("explain", "-", "--all")])
@pytest.mark.parametrize("env", [{}, TERMINAL])
@pytest.mark.usefixtures("judged")
def test_what_people_read_of_a_message(arguments: tuple[str, ...], env: dict[str, str]) -> None:
    """The fields are named, and no line of theirs begins where they would have it."""
    printed = spoken(run(*arguments, given=b"x", env=env))
    assert "vector" in printed and "raw" in printed
    assert not [one for one in printed.splitlines() if one.startswith("=cmd")]


@pytest.mark.parametrize("arguments", [("scan", "-", "--format", "jsonl"), ("explain", "-", "--json")])
def test_what_programs_read_of_a_message(judged: Report, arguments: tuple[str, ...]) -> None:
    """Printable ASCII, and every value exact."""
    result = run(*arguments, given=b"x")
    assert spoken(result)
    printed = result.stdout
    assert printed.isascii() and printed.count("\n") == 1
    assert json.loads(printed) == judged.as_dict()


def test_a_message_as_bytes() -> None:
    """The same from raw mail: header, body, part and file name, read by the commands themselves."""
    raw = "".join(STEERING.split("\r")).replace("\n", "").encode("utf-8", "surrogatepass")
    mail = (
        b"From: =?utf-8?q?=1B[31m=0A=C2=9B=E2=80=AEx?= " + raw + b" <a@ex" + raw + b"ample.com>\r\n"
        b"To: " + raw + b"\r\nMessage-ID: <" + raw + b"@x>\r\nSubject: " + raw + b"=?utf-8?q?=0D=0Ax?=\r\n"
        b'Disposition-Notification-To: "' + raw + b'" <a@b.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
        b'--b\r\nContent-Type: text/html; name="' + raw + b'.html"\r\n\r\n'
        b'<img width=1 height=1 src="https://t' + raw + b".example/open" + raw + b'?u=4f9ee1d0a0b0c0d0">'
        b"<x" + raw + b' background="https://t.example/o?u=4f9ee1d0a0b0c0d0e0f0a1b1c1d1e1f3">\r\n--b--\r\n'
    )  # fmt: skip
    for arguments in (("scan", "-"), ("explain", "-", "--all"), ("scan", "-", "--format", "jsonl")):
        printed = spoken(run(*arguments, given=mail))
        assert "t.example" in printed, arguments


CASES = sorted(
    path for path in (FIXTURES / "cases/hostile").glob("*.eml") if path.name[:4] in ("csv-", "esca")
)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_case(case: Path, tmp_path: Path) -> None:
    """What strangers' inputs found, in every command that shows a message, and recorded and exported."""
    for arguments in (("scan",), ("explain", "--all"), ("scan", "--format", "jsonl"), ("explain", "--json")):
        assert spoken(run(*arguments, str(case)))
    for table in ("references", "messages"):
        printed = spoken(run("scan", "--format", "csv", "--table", table, str(case)))
        assert not [line for line in printed.splitlines() if line.lstrip('"').startswith(FORMULAS)]
    url = f"sqlite:///{tmp_path}/catalogue.sqlite"
    with Catalogue.open(url) as store:
        store.ensure_account("home", "you@example.net", "report", "standard")
        store.record(seen(1, made=scan(case.read_bytes())))
    for arguments in (("senders",), ("senders", "--json"), ("export",), ("export", "--format", "csv")):
        printed = spoken(run(*arguments, "--database", url))
        assert not [line for line in printed.splitlines() if line.lstrip('"').startswith(FORMULAS)]


def test_what_nobody_foresaw() -> None:
    """A traceback may quote what it failed at."""
    code = (
        "import sys; from blocker.cli import main, files; from tests.output.steering import hostile\n"
        "def fail(*_, **__): raise RuntimeError(hostile('unforeseen'))\n"
        "sys.modules['blocker.detect.judge'].scan = fail\n"
        "main(['scan', '-'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import blocker.detect.judge\n{code}"],
        input=b"x", capture_output=True, check=False, cwd=Path(__file__).parents[2], timeout=60,
    )  # fmt: skip
    said = done.stderr.decode()
    assert (done.returncode, steered(said)) == (1, set())
    assert "RuntimeError: unforeseen" in said and "Traceback" in said


def test_a_name_of_a_file(tmp_path: Path) -> None:
    """A folder from a stranger's archive holds what it likes."""
    named = "x" + "".join(c for c in STEERING if c not in "\0/" and not 0xD800 <= ord(c) <= 0xDFFF)
    (tmp_path / f"{named[:60]}.eml").write_bytes(b"Subject: s\r\n\r\nx")
    assert "s\n" in spoken(run("scan", str(tmp_path)))
    result = run("scan", str(tmp_path), "--format", "jsonl")
    assert spoken(result)
    assert json.loads(result.stdout)["message"]["source"] == str(tmp_path / f"{named[:60]}.eml")
    for command in ("scan", "explain", "neutralise", "restore"):
        assert "cannot be read" in spoken(run(command, str(tmp_path / named[40:90])), 1) or command == "scan"


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A catalogue in which every text is hostile, those that a database cannot hold replaced."""
    url = f"sqlite:///{tmp_path}/catalogue.sqlite"
    with Catalogue.open(url) as store:
        store.ensure_account("home", "you@example.net", "replace", "standard")
        store.record(seen(1, made=the_report(), action="left", detail=hostile("why")))
        for number, formula in enumerate(FORMULAS, 2):
            for before in ("", "\r", "\n", "\t", "x;"):
                number += 100
                store.record(seen(number, made=the_report(before + formula + "cmd|' /C calc'!A0")))
    return url


@pytest.mark.parametrize("env", [{}, TERMINAL])
def test_senders(database: str, env: dict[str, str]) -> None:
    """As a table and as objects."""
    assert "cmd" in spoken(run("senders", "--database", database, env=env))
    with Catalogue.open(database) as store:
        known = [line.as_dict() for line in store.senders("tracked", 50)]
    printed = spoken(run("senders", "--json", "--database", database))
    assert printed.isascii()
    assert [json.loads(line) for line in printed.splitlines()] == json.loads(json.dumps(known))


def test_the_export_as_objects(database: str) -> None:
    """Printable ASCII, and every value exact."""
    printed = spoken(run("export", "--database", database))
    assert printed.isascii()
    with Catalogue.open(database) as store:
        assert [json.loads(line) for line in printed.splitlines()] == list(store.export())


def test_the_export_as_a_table(database: str) -> None:
    """A line a message, and no cell that a spreadsheet would carry out."""
    printed = spoken(run("export", "--format", "csv", "--database", database))
    rows = list(csv.DictReader(io.StringIO(printed, newline="")))
    assert len(rows) == printed.count("\n") - 1 == printed.rstrip("\n").count("\n")
    assert len(rows) > 5 * len(FORMULAS)
    for row in rows:
        assert not [cell for cell in row.values() if cell.strip().startswith((*FORMULAS, "\t", "\r", "\n"))]
    assert not [line for line in printed.splitlines() if line.startswith(FORMULAS)]


def test_a_sender_and_forgetting(database: str) -> None:
    """What is given back of an argument, and in an error."""
    name = hostile("").replace("\0", "").encode("utf-8", "replace").decode()
    assert "no such message" in spoken(run("forget", "--sender", name, "--yes", "--database", database))
    spoken(run("sender", name, "--level", "strict", "--database", database), 1)
    spoken(run("sender", name, "--json", "--database", database), 1)
    spoken(run("scan", "-", "--format", name, given=b""), 2)
    spoken(run(name), 2)


EVENTS = [
    Event("home", cast(Action, action), hostile("mailbox"), uid, hostile("subject"), hostile("from"), {"pixel": 1}, hostile("detail"))
    for action in get_args(Action)
    for uid in (0, 7)
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event.action}-{event.uid}")
@pytest.mark.parametrize("env", [{}, TERMINAL])
def test_what_the_service_tells(
    event: Event, env: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """run, sweep and restore print their events so: one line each, or one object that says the same."""
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    Printer(False, dry_run=True)(event)
    words = capsys.readouterr().out
    assert steered(words) == set()
    assert words.count("\n") == (event.action != "watching")
    Printer(True)(event)
    objects = capsys.readouterr().out
    assert objects.isascii() and steered(objects) == set()
    assert json.loads(objects)["detail"] == event.detail


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An account; what does not print is refused in a configuration."""
    path = tmp_path / "config.toml"
    path.write_text(
        'data_dir = "data"\n[accounts.home]\naddress = "you@example.net"\nhost = "127.0.0.1"\n'
        'password_command = "true"\n'
    )
    monkeypatch.setenv("UNPIXEL_CONFIG", str(path))
    return path


class Hostile:
    """A server that refuses everything in hostile words."""

    def __init__(self, *_: Any) -> None:
        raise MailboxError(hostile("The server says"))


def nothing(*_: Any) -> Callable[..., Hostile]:
    """In place of the way to a server."""
    return Hostile


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--once"),
        ("run", "--once", "--json"),
        ("run", "--once", "--log", "human", "--verbose"),
        ("run", "--once", "--log", "json", "--verbose"),
        ("sweep", "home", "--yes"),
        ("sweep", "home", "--json"),
        ("doctor", "home"),
        ("account", "test", "home"),
        ("account", "list"),
        ("account", "list", "--json"),
        ("restore", "--account", "home", "--message-id", hostile("<id").replace("\0", "")),
    ],
    ids=lambda arguments: " ".join(arguments[:3]),
)
@pytest.mark.usefixtures("config")
def test_what_a_server_says(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """In an error, in the log, as the name of a folder."""
    monkeypatch.setattr("blocker.service.imap", nothing)
    result = run(*arguments)
    assert result.exit_code in (0, 1), result.exception
    assert steered(result.output) == set()
    told = ("The server says", "127.0.0.1", "holds bytes that are no text")
    assert any(words in result.output for words in told)


@pytest.mark.parametrize("env", [{}, TERMINAL])
@pytest.mark.usefixtures("config")
def test_what_the_doctor_found(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text of the findings is a server's."""
    texts: dict[str, Any] = {"host": hostile("host"), "server": hostile("server")}
    texts |= {
        "capabilities": ("MOVE", hostile("capability")),
        "rights": {hostile("folder"): hostile("rights")},
    }
    texts |= {"failures": (hostile("failure"),), "left_behind": (hostile("left"),), "read_back": "exact"}
    assert set(texts) <= {field.name for field in fields(Findings)}
    for scratch in ("", hostile("scratch")):
        found = Findings(**texts, scratch=scratch)
        monkeypatch.setattr("blocker.service.doctoring.examine", lambda *_, found=found: found)
        assert "server" in spoken(run("doctor", "home", env=env))
        printed = spoken(run("doctor", "home", "--json", env=env))
        assert printed.isascii()
        assert json.loads(printed)["findings"]["server"] == hostile("server")


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.usefixtures("config")
def test_what_a_test_of_an_account_finds(more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts that a server tells."""
    facts = {"account": "home", "host": hostile("h"), "user": hostile("u"), "messages": {hostile("folder"): 3}, "can_move": True}  # fmt: skip

    @contextmanager
    def signed_in(*_: Any) -> Iterator[None]:
        yield None

    monkeypatch.setattr("blocker.cli.accounts.signed_in", signed_in)
    monkeypatch.setattr("blocker.cli.accounts.facts_of", lambda *_: facts)
    printed = spoken(run("account", "test", "home", *more))
    assert "folder" in printed
    if more:
        assert json.loads(printed) == facts


def test_arrival_is_no_text() -> None:
    """The samples above are dated, so that none is left out of a listing by its age."""
    assert seen(1).internal_date < datetime.now(UTC)
