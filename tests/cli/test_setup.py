"""`unpixel setup` on a pseudo-terminal, with a real Dovecot: the whole walk, cut short and begun again."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # ships no types
import pytest
from click.testing import CliRunner

from blocker.catalogue import Catalogue
from blocker.cli import main
from blocker.config import load
from tests.patience import BUSY
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.service.test_dovecot import Client
from tests.service.world import ARRIVED, QUARANTINE, mail, original_of

PAGES = "correct horse battery"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer without a configuration, a keyring, or systemd."""
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def start(*arguments: str) -> pexpect.spawn:
    """A command on a terminal of its own."""
    command = ["-c", "from blocker.cli import main; main(prog_name='unpixel')", *arguments]
    return pexpect.spawn(
        sys.executable,
        command,
        env=dict(os.environ) | {"TERM": "xterm", "COLUMNS": "120"},
        encoding="utf-8",
        timeout=20 * BUSY,
        dimensions=(50, 120),
        # Where the tests run in the background, their Ctrl-C is ignored, and so it is by what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def answer(terminal: pexpect.spawn, *questions: tuple[str, str]) -> None:
    """Answer each question as it is asked."""
    for question, said in questions:
        terminal.expect_exact(question)
        terminal.sendline(said)


def interrupt(terminal: pexpect.spawn, told: str) -> None:
    """Press Ctrl-C until it is heard: just before a line is read, Python hears it only once the line is."""
    for _ in range(20):
        terminal.sendintr()
        if terminal.expect_exact([told, pexpect.TIMEOUT], timeout=BUSY) == 0:
            return
    pytest.fail("Ctrl-C was not heard")


def test_from_nothing_to_a_swept_mailbox(dovecot: Dovecot, home: Path) -> None:
    """Ctrl-C in the middle leaves what was done; the second walk tells that, and does the rest."""
    account = dovecot.account()
    client, terminal = Client(account), start("setup")
    for number in (1, 2):
        client.append(mail(number), (), ARRIVED)
    answer(
        terminal,
        ("Your mail address", "ada@example.org"),
        ("IMAP server", f"127.0.0.1:{account.port}"),
        ("Login name", account.user),
        ("Encryption", "none"),
        ("Password of", PASSWORD),
        ("Keep the password in a file that you alone can read", "y"),
    )
    terminal.expect_exact('The safest mode that works on 127.0.0.1 is "replace"')
    terminal.expect_exact('Set mode "replace"')
    terminal.expect_exact("[y/N]")
    interrupt(terminal, "`unpixel setup` goes on from there")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert load().account("ada@example.org").mode == "report"

    again = start("setup")
    again.expect_exact('"ada@example.org" is there')
    again.expect_exact("127.0.0.1 was tried out on")
    answer(again, ('Set mode "replace"', "y"), ("how many days", "36500"))
    again.expect_exact("Sweeping ada@example.org")
    again.expect_exact("2/2")
    again.expect_exact("2 replaced")
    answer(again, ("Password: ", "short"), ("Once more: ", "short"))
    again.expect_exact("The password is too short")
    answer(again, ("Password: ", PAGES), ("Once more: ", PAGES))
    again.expect_exact("no systemd")
    again.expect_exact("All is set up")
    again.expect(pexpect.EOF)
    again.close()
    assert again.exitstatus == 0
    assert sorted(original_of(m.raw) or b"" for m in client.messages()) == [mail(1), mail(2)]
    assert sorted(m.raw for m in client.messages(QUARANTINE)) == [mail(1), mail(2)]
    client.close()
    assert_kept_alone(home)

    third = start("setup")
    for told in ("is there", "was tried out on", 'It is "replace"', "2 messages were looked at", "It is set"):
        third.expect_exact(told)
    third.expect_exact("All is set up")
    third.expect(pexpect.EOF)


def assert_kept_alone(home: Path) -> None:
    """The mailbox's password stands in one file of mode 0600, and in no other."""
    found = [path for path in home.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert [(path.name, path.stat().st_mode & 0o777) for path in found] == [("ada@example.org", 0o600)]
    assert load().account("ada@example.org").password_file == found[0]


@pytest.mark.usefixtures("home")
def test_account_add_offers_the_walk(dovecot: Dovecot) -> None:
    """It names the steps in order; who says no is left alone."""
    account = dovecot.account()
    where = ["--host", "127.0.0.1", "--port", str(account.port), "--security", "none", "--user", account.user]
    terminal = start("account", "add", "ada@example.org", "--name", "ada", *where)
    answer(terminal, ("Password of", PASSWORD), ("Keep the password in a file", "y"))
    for step in ("1. unpixel doctor ada --set-mode", "2. unpixel sweep ada --dry-run"):
        terminal.expect_exact(step)
    terminal.expect_exact("3. unpixel service install --web")
    terminal.expect_exact("4. unpixel user password")
    answer(terminal, ("Go through these steps now?", "n"))
    terminal.expect(pexpect.EOF)
    with Catalogue.open(load().database) as catalogue:
        assert catalogue.profile("ada") is None


@pytest.mark.usefixtures("home")
def test_without_a_terminal_nothing_is_asked() -> None:
    """The single commands are named instead."""
    refused = CliRunner().invoke(main, ["setup"])
    assert (refused.exit_code, "use the single commands" in refused.output) == (1, True)
