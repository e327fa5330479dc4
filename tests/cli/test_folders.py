"""neutralise of folders and Maildirs: names and flags stay, nothing is overwritten, only whole files are left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import blocker
from blocker.cli.folders import BATCH
from tests.cli.test_files import ROOT, TRACKED, run
from tests.message.samples import html

PLAIN = b"From: a@b.example\r\nSubject: s\r\n\r\nx"


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """Three messages with flags, in a Maildir with a folder in it, and what is no mail."""
    made = tmp_path / "Maildir"
    for name in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (made / name).mkdir(parents=True)
    (made / "cur" / "1.x:2,FS").write_bytes(TRACKED)
    (made / "new" / "2.x").write_bytes(PLAIN)
    (made / ".Sent" / "cur" / "3.x:2,").write_bytes(TRACKED)
    (made / "tmp" / "4.x").write_bytes(TRACKED)
    (made / "dovecot.index").write_bytes(b"\0\1")
    os.utime(made / "cur" / "1.x:2,FS", (1_600_000_000, 1_600_000_000))
    return made


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_maildir(maildir: Path, tmp_path: Path) -> None:
    """Every message under its own name, its time and its mode; deliveries under way and indexes stay behind."""
    before, out = files(maildir), tmp_path / "quiet"
    result = run("neutralise", maildir, "-o", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "2 neutralised, 1 without anything to neutralise.\n"
    assert files(maildir) == before
    made = files(out)
    assert set(made) == {"cur/1.x:2,FS", "new/2.x", ".Sent/cur/3.x:2,"}
    assert made["new/2.x"] == PLAIN
    for name in ("cur/1.x:2,FS", ".Sent/cur/3.x:2,"):
        assert made[name] != TRACKED
        assert blocker.restore(made[name]) == TRACKED
    assert (out / "cur/1.x:2,FS").stat().st_mtime == 1_600_000_000
    assert (out / "cur/1.x:2,FS").stat().st_mode == (maildir / "cur/1.x:2,FS").stat().st_mode
    assert all((out / name).is_dir() for name in ("tmp", "new", ".Sent/tmp"))


def test_what_is_there_stays(maildir: Path, tmp_path: Path) -> None:
    """A file, a link that leads nowhere: nothing is written over or through them; a second run writes nothing."""
    out = tmp_path / "quiet"
    (out / "cur").mkdir(parents=True)
    (out / "cur" / "1.x:2,FS").write_bytes(b"mine")
    (out / "new").mkdir()
    (out / "new" / "2.x").symlink_to(tmp_path / "elsewhere")
    result = run("neutralise", maildir, "-o", out)
    assert result.stderr == "1 neutralised, 2 were there already.\n"
    assert (out / "cur" / "1.x:2,FS").read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()
    again = run("neutralise", maildir, "-o", out)
    assert (again.exit_code, again.stderr) == (0, "3 were there already.\n")


def test_a_message_that_fails_is_copied(
    tmp_path: Path, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is, and told with its path; the others are neutralised; exit code 1."""

    def fail(raw: bytes, *_: object) -> tuple[bytes, str]:
        if raw == PLAIN:
            raise RuntimeError("bad")
        return b"good", ""

    monkeypatch.setattr("blocker.cli.neutralise._filtered", fail)
    result = run("neutralise", maildir, "-o", tmp_path / "quiet")
    assert result.exit_code == 1
    assert f"{maildir}/new/2.x is copied unchanged: RuntimeError" in result.stderr
    assert sorted(files(tmp_path / "quiet").values()) == sorted([PLAIN, b"good", b"good"])


def test_folders_of_other_programs(tmp_path: Path) -> None:
    """Apple Mail's frame is made anew around the message; an mbox is copied as it is, and that is told."""
    source, out = tmp_path / "mail", tmp_path / "out"
    source.mkdir()
    (source / "1.emlx").write_bytes(b"%d\n" % len(TRACKED) + TRACKED + b"<plist/>")
    (source / "2.emlx").write_bytes(b"%d   \n" % len(PLAIN) + PLAIN + b"<plist/>")
    box = b"From a@b Mon\n" + html("x").replace(b"\r\n", b"\n") + b"\n\n"
    (source / "a.mbox").write_bytes(box)
    result = run("neutralise", source, "-o", out)
    assert result.exit_code == 1
    made = files(out)
    length, _, rest = made["1.emlx"].partition(b"\n")
    assert blocker.restore(rest[: int(length)]) == TRACKED
    assert rest[int(length) :] == b"<plist/>"
    assert (made["2.emlx"], made["a.mbox"]) == ((source / "2.emlx").read_bytes(), box)
    assert "a.mbox is copied unchanged" in result.stderr
    assert "1 neutralised, 1 without anything to neutralise, 1 left as they are" in result.stderr


@pytest.mark.parametrize("inside", ["", "x", "cur/x"])
def test_not_into_itself(maildir: Path, inside: str) -> None:
    """It would read what it writes."""
    result = run("neutralise", maildir, "-o", maildir / inside)
    assert (result.exit_code, "name a folder elsewhere" in result.stderr) == (1, True)
    assert len(files(maildir)) == 5


def test_a_folder_needs_a_place(maildir: Path, tmp_path: Path) -> None:
    """Without -o it is a mistake of usage, and a folder that is not there fails in a sentence."""
    assert run("neutralise", maildir).exit_code == 2
    gone = run("neutralise", tmp_path / "gone", "-o", tmp_path / "out")
    assert (gone.exit_code, gone.stderr) == (1, f"unpixel: {tmp_path}/gone is no folder; check the path.\n")


def test_a_file_system_without_links(maildir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same comes out."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert run("neutralise", maildir, "-o", tmp_path / "out").exit_code == 0
    assert set(files(tmp_path / "out")) == {"cur/1.x:2,FS", "new/2.x", ".Sent/cur/3.x:2,"}


def test_interrupted_it_leaves_whole_files(tmp_path: Path) -> None:
    """After Ctrl-C every file in the new folder is a whole message under its name; started again, it goes on."""
    source, out, several = tmp_path / "mail", tmp_path / "out", 4 * BATCH
    source.mkdir()
    for number in range(several):
        (source / f"{number:03}.eml").write_bytes(TRACKED)
    command = [sys.executable, "-m", "blocker", "neutralise", str(source), "-o", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True) as running:
        while running.poll() is None and len(list(out.glob("*.eml"))) < 3:
            time.sleep(0.001)
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=120)[1].decode()
    assert (running.returncode, "Started again, it goes on." in said) == (130, True), said
    left = files(out)
    assert 3 <= len(left) < several
    assert all(name.endswith(".eml") and blocker.restore(raw) == TRACKED for name, raw in left.items())
    done = run("neutralise", source, "-o", out)
    assert done.exit_code == 0
    assert len(files(out)) == several
    assert f"{len(left)} were there already" in done.stderr
