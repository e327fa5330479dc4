"""scan, neutralise, restore and filter: what they print, what they exit with, and that no mail is lost in them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import blocker
from blocker.cli import main
from blocker.detect.report import KINDS
from blocker.judging.budget import TOO_MUCH
from blocker.message.html import MAX_HTML
from tests.fixtures.paths import DEMO, FIXTURES, HOSTILE
from tests.message.samples import html, parts
from tests.rewrite.test_neutralise import FOUR, PIXEL_TAG

ROOT = Path(__file__).resolve().parents[2]
TRACKED = html(FOUR)


def run(*args: str | Path, data: bytes = b"") -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, [str(arg) for arg in args], input=data)


def process(*args: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command as a program of its own."""
    command = [sys.executable, "-m", "blocker", *map(str, args)]
    return subprocess.run(command, input=data, capture_output=True, check=False, cwd=ROOT, timeout=120)


@pytest.fixture
def message(tmp_path: Path) -> Path:
    """A tracked message in a file."""
    path = tmp_path / "tracked.eml"
    path.write_bytes(TRACKED)
    return path


def objects(result: Result) -> list[dict[str, Any]]:
    """What --format jsonl printed, one object a line."""
    return [json.loads(line) for line in result.stdout.splitlines()]


CONTRACT: dict[str, type | tuple[type, ...]] = {
    "message": dict, "references": list, "receipts": list, "links": dict, "signed": bool, "unjudged": int, "error": (str, type(None)),
}  # fmt: skip
MESSAGE = ("source", "sha256", "message_id", "from", "from_domain", "to", "date", "subject")
REFERENCE: dict[str, type | tuple[type, ...]] = {
    "url": (str, type(None)), "raw": str, "vector": str, "element": str, "part": str, "span": list, "verdict": str,
    "confidence": float, "vendor": (str, type(None)), "reasons": list,
}  # fmt: skip


def check_contract(report: dict[str, Any]) -> None:
    """The documented keys are there, with their types."""
    for key, kind in CONTRACT.items():
        assert isinstance(report[key], kind), key
    for key in MESSAGE:
        assert isinstance(report["message"][key], str), key
    for receipt in report["receipts"]:
        assert isinstance(receipt["header"], str)
        assert isinstance(receipt["value"], str)
    for key in ("total", "tracked"):
        assert isinstance(report["links"][key], int)
    for reference in report["references"]:
        for key, kind in REFERENCE.items():
            assert isinstance(reference[key], kind), key
        assert reference["verdict"] in KINDS
        assert 0 <= reference["confidence"] <= 1
        start, end = reference["span"]
        assert isinstance(start, int) and isinstance(end, int) and start <= end
        assert reference["reasons"] or reference["verdict"] in ("content", "personal")
        for reason in reference["reasons"]:
            assert isinstance(reason["rule"], str)
            assert isinstance(reason["detail"], str)
            assert isinstance(reason["weight"], (int, float))


def test_jsonl_keeps_its_contract(message: Path) -> None:
    """One object for the message, with the documented keys and what was judged."""
    result = run("scan", message, "--format", "jsonl")
    assert result.exit_code == 0
    (report,) = objects(result)
    check_contract(report)
    assert report["message"]["source"] == str(message)
    assert report["message"]["sha256"] == hashlib.sha256(TRACKED).hexdigest()
    assert report["message"]["from_domain"] == "shop.example"
    assert [reference["verdict"] for reference in report["references"]] == [
        "content",
        "spacer",
        "personal",
        "pixel",
    ]
    for reference in report["references"]:
        start, end = reference["span"]
        assert TRACKED[start:end].decode().replace("&amp;", "&") == reference["raw"]


@pytest.mark.parametrize("folder", [DEMO, HOSTILE])
def test_jsonl_of_every_fixture(folder: Path) -> None:
    """Every message of a folder gives one line that keeps the contract, ASCII alone."""
    result = run("scan", folder, "--format", "jsonl")
    assert result.stdout.isascii()
    reports = objects(result)
    assert len(reports) >= len(list(folder.glob("*.eml")))
    for report in reports:
        check_contract(report)


def test_text_is_for_people(message: Path) -> None:
    """The text names the pixel and why; it counts what singles nobody out."""
    result = run("scan", message)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "news@shop.example" in lines[0]
    assert any(line.strip().startswith("pixel") and "open.gif" in line for line in lines)
    assert "1 message read, 1 tracked." in result.stdout


def test_text_holds_no_control_characters() -> None:
    """What a mail says cannot steer the terminal."""
    raw = b"Subject: =?utf-8?q?=1B=5B31mred=07?=\r\nFrom: \x1b]0;x\x07 <a@example.org>\r\n" + html(
        '<img width=1 height=1 src="https://t.example/open?\x1b[31m&u=camille@example.org">'
    )
    result = run("scan", "-", data=raw)
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout


def test_mbox_maildir_folder_and_standard_input(tmp_path: Path) -> None:
    """Every kind of place is read, each message once."""
    (tmp_path / "a.mbox").write_bytes(
        b"".join(b"From a@b Mon\n" + html(PIXEL_TAG).replace(b"\r\n", b"\n") + b"\n\n" for _ in range(3))
    )
    maildir = tmp_path / "Maildir"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    (maildir / "cur" / "1.x:2,S").write_bytes(TRACKED)
    (maildir / "new" / "2.x").write_bytes(TRACKED)
    (tmp_path / "b.eml").write_bytes(TRACKED)
    assert len(objects(run("scan", tmp_path, "--format", "jsonl"))) == 6
    assert len(objects(run("scan", tmp_path / "a.mbox", "--format", "jsonl"))) == 3
    assert len(objects(run("scan", maildir, "--format", "jsonl"))) == 2
    (report,) = objects(run("scan", "-", "--format", "jsonl", data=TRACKED))
    assert report["message"]["source"] == "standard input"


@pytest.mark.parametrize("command", [["scan"], ["scan", "--format", "jsonl"], ["neutralise"], ["restore"]])
def test_a_path_that_is_not_there(command: list[str], tmp_path: Path) -> None:
    """One sentence that names the path and the next step, exit code 1, nothing on standard output."""
    result = run(*command, tmp_path / "absent.eml")
    assert result.exit_code == 1
    assert result.stdout == ""
    sentence = result.stderr.splitlines()[0]
    assert sentence.startswith("unpixel: ")
    assert "absent.eml" in sentence
    assert sentence.endswith("check the path.")
    assert "Traceback" not in result.stderr


def test_one_bad_path_among_good_ones(message: Path, tmp_path: Path) -> None:
    """What is there is still scanned; the exit code tells that something was not."""
    result = run("scan", tmp_path / "absent.eml", message, "--format", "jsonl")
    assert result.exit_code == 1
    assert len(objects(result)) == 1


def test_an_empty_folder(tmp_path: Path) -> None:
    """No message at all is worth a sentence."""
    result = run("scan", tmp_path)
    assert result.exit_code == 1
    assert "no message" in result.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["scan"],
        ["scan", "x", "--format", "xml"],
        ["neutralise"],
        ["neutralise", "x", "--level", "none"],
        ["restore"],
        ["filter", "x"],
        ["nonsense"],
    ],
)
def test_usage_errors(args: list[str]) -> None:
    """Wrong usage exits with 2 and shows how it is used."""
    result = run(*args)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


@pytest.mark.parametrize("command", ["scan", "neutralise", "restore", "filter"])
def test_help_has_an_example(command: str) -> None:
    """Every command explains itself with an example that begins as one types it."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert "unpixel" in result.stdout


@pytest.mark.parametrize("level", ["standard", "strict", "paranoid"])
def test_there_and_back(message: Path, tmp_path: Path, level: str) -> None:
    """neutralise writes the neutralised bytes and restore the original ones, from a file or standard input."""
    quiet = process("neutralise", message, "--level", level)
    assert quiet.returncode == 0
    assert quiet.stdout == blocker.neutralise(TRACKED, level=level).raw
    assert quiet.stdout != TRACKED
    path = tmp_path / "quiet.eml"
    path.write_bytes(quiet.stdout)
    assert process("restore", path).stdout == TRACKED
    assert process("restore", "-", data=quiet.stdout).stdout == TRACKED
    assert process("neutralise", "-", "--level", level, data=TRACKED).stdout == quiet.stdout


def test_restore_of_an_untouched_message(message: Path) -> None:
    """A message that was never neutralised is not turned back; it says why."""
    result = run("restore", message)
    assert result.exit_code == 1
    assert result.stdout_bytes == b""
    assert "carries no X-Unpixel field" in result.stderr


def test_a_refusal_is_said() -> None:
    """Signed mail comes out as it went in, with a sentence beside it."""
    raw = parts(b"Content-Type: text/html\r\n\r\n" + PIXEL_TAG.encode(), kind="multipart/signed")
    result = run("neutralise", "-", data=raw)
    assert result.exit_code == 0
    assert result.stdout_bytes == raw
    assert "left as it is" in result.stderr


def test_filter(message: Path) -> None:
    """The filter gives what neutralise gives."""
    result = process("filter", data=TRACKED)
    assert result.returncode == 0
    assert result.stdout == blocker.neutralise(TRACKED).raw
    assert (
        process("filter", "--level", "paranoid", data=message.read_bytes()).stdout
        == blocker.neutralise(TRACKED, level="paranoid").raw
    )


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        MemoryError(),
        RecursionError(),
        KeyError("x"),
        AssertionError(),
        ImportError("x"),
        OSError(5, "x"),
    ],
)
def test_filter_passes_mail_on_whatever_happens(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """On any error the input comes out unchanged and the exit code is 0."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("blocker.rewrite.neutralise.neutralise", fail)
    result = run("filter", data=TRACKED)
    assert result.exit_code == 0
    assert result.stdout_bytes == TRACKED
    assert "unchanged" in result.stderr


def test_filter_passes_large_mail_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above its bound the filter does not look."""
    monkeypatch.setattr("blocker.cli.neutralise.MAX_FILTERED", 100)
    result = run("filter", data=TRACKED)
    assert result.exit_code == 0
    assert result.stdout_bytes == TRACKED


@pytest.mark.parametrize("seed", range(6))
def test_random_bytes(seed: int) -> None:
    """Bytes that are no message go through every command; nothing fails and nothing is lost."""
    data = random.Random(seed).randbytes(3000 * seed)
    scanned = run("scan", "-", "--format", "jsonl", data=data)
    assert scanned.exit_code == 0
    assert objects(scanned)[0]["message"]["sha256"] == hashlib.sha256(data).hexdigest()
    for command in (["filter"], ["neutralise", "-"]):
        result = run(*command, data=data)
        assert result.exit_code == 0
        assert result.stdout_bytes == data


@pytest.mark.once
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/*.eml")), ids=lambda path: path.stem)
def test_every_fixture_goes_there_and_back(path: Path) -> None:
    """filter and restore give every fixture back byte for byte."""
    raw = path.read_bytes()
    new = run("filter", data=raw).stdout_bytes
    assert (run("restore", "-", data=new).stdout_bytes if new != raw else new) == raw


def test_sixty_megabytes(tmp_path: Path) -> None:
    """A message of 60 MB is scanned, neutralised and turned back."""
    attachment = (
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + (b"QUJD" * 19 + b"\r\n") * 830_000
    )
    raw = parts(b"Content-Type: text/html\r\n\r\n" + FOUR.encode(), attachment)
    assert len(raw) > 60 << 20
    path = tmp_path / "large.eml"
    path.write_bytes(raw)
    scanned = process("scan", path, "--format", "jsonl")
    assert scanned.returncode == 0
    assert json.loads(scanned.stdout)["message"]["sha256"] == hashlib.sha256(raw).hexdigest()
    quiet = process("filter", data=raw).stdout
    assert quiet != raw
    assert blocker.restore(quiet) == raw


def test_a_message_above_the_bound_is_told(tmp_path: Path) -> None:
    """scan skips what is larger than it was told to read, and says so."""
    path = tmp_path / "large.eml"
    path.write_bytes(html("x" * (2 << 20)))
    result = run("scan", path, "--max-size", "1")
    assert result.exit_code == 1
    assert "larger than" in result.stderr


@pytest.mark.parametrize(
    "command",
    [["scan", "--format", "jsonl", str(DEMO)], ["scan", str(DEMO)], ["neutralise", "-"], ["filter"]],
)
def test_a_reader_that_goes_away(command: list[str]) -> None:
    """Where the reading program has closed the pipe, the command ends without a traceback."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "blocker", *command],
            input=html("x" * 300_000),
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
            cwd=ROOT,
            timeout=60,
        )
    assert b"Traceback" not in done.stderr
    assert done.returncode != 0


def test_filter_starts_fast() -> None:
    """The filter imports no catalogue, no pages, no mailbox."""
    code = (
        "import io, sys; from click.testing import CliRunner; from blocker.cli import main;"
        "CliRunner().invoke(main, ['filter'], input=b'Subject: x\\n\\n');"
        "print([m for m in sys.modules if m.split('.')[0] in ('sqlalchemy', 'flask', 'imapclient', 'webui', 'bs4', 'alembic')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT, timeout=60)
    assert done.stdout.strip() == b"[]"


def test_filter_passes_on_what_costs_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that would take minutes, or all memory, comes out as it went in, with exit code 0 and a sentence."""
    raw = html(FOUR)

    def greedy(*_given: object, **_more: object) -> object:
        return [bytearray(1 << 26) for _ in iter(int, 1)]

    monkeypatch.setattr("blocker.rewrite.neutralise.neutralise", greedy)
    result = run("filter", data=raw)
    assert result.exit_code == 0
    assert result.stdout_bytes == raw
    assert TOO_MUCH in result.stderr


@pytest.mark.parametrize(
    "command", [["neutralise", "-", "--level", "paranoid"], ["filter", "--level", "paranoid"]]
)
def test_what_was_not_looked_at_is_told(command: list[str]) -> None:
    """Beyond a bound the message is changed as far as it was read, and a sentence says so; else nothing is said."""
    raw = html(FOUR + "x" * MAX_HTML + PIXEL_TAG)
    result = run(*command, data=raw)
    assert (result.exit_code, result.stdout_bytes.count(b"t.sender.example")) == (0, 1)
    assert "not everything was looked at" in result.stderr
    whole = run(*command, data=html(FOUR))
    assert (whole.exit_code, whole.stderr) == (0, "")


def redirected(arguments: str, redirection: str, unbuffered: bool) -> subprocess.CompletedProcess[str]:
    """Run a command on a message of the demonstration, its standard streams as the shell is told."""
    command = f"{sys.executable} -m blocker {arguments} {redirection}"
    environment = os.environ | {"PYTHONUNBUFFERED": "1" if unbuffered else ""}
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env=environment,
        check=False,
    )


@pytest.mark.parametrize("unbuffered", [True, False])
@pytest.mark.parametrize(
    ("arguments", "redirection", "said"),
    [
        ("filter", "< {mail} > /dev/full", "No space left on device"),
        ("neutralise {mail}", "> /dev/full", "No space left on device"),
        ("scan {mail}", "> /dev/full", "No space left on device"),
        ("explain {mail}", "> /dev/full", "No space left on device"),
        ("filter", "< {mail} >&-", "standard output is closed"),
        ("neutralise {mail}", ">&-", "standard output is closed"),
        ("filter", "<&-", "standard input is closed"),
        ("scan -", "<&-", "standard input is closed"),
    ],
)
def test_streams_that_cannot_be_used_are_told(
    arguments: str, redirection: str, said: str, unbuffered: bool
) -> None:
    """One sentence, no traceback, and an exit code that tells a delivery program that the mail was not passed on."""
    mail = str(DEMO / "weekly-fern-1.eml")
    done = redirected(arguments.format(mail=mail), redirection.format(mail=mail), unbuffered)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("unbuffered", [True, False])
def test_half_a_message_is_no_success(tmp_path: Path, unbuffered: bool) -> None:
    """A file that may take but 1 KB takes that; the exit code says that it is not all."""
    mail, out = DEMO / "weekly-fern-1.eml", tmp_path / "out"
    command = f"ulimit -f 1; {sys.executable} -m blocker filter < {mail} > {out}"
    environment = os.environ | {"PYTHONUNBUFFERED": "1" if unbuffered else ""}
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env=environment,
        check=False,
    )
    assert out.stat().st_size == 1024
    assert done.returncode == 1
    assert "File too large" in done.stderr
