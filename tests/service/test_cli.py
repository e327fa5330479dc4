"""unpixel run, account and sweep: what they print, how they end, and that no password is shown or kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocker.catalogue import Catalogue
from blocker.cli import main
from blocker.config import load, set_account
from tests.patience import BUSY
from tests.servers.dovecot import PASSWORD, Account, Dovecot
from tests.servers.proxy import Proxy
from tests.service.test_dovecot import Client
from tests.service.test_watch import until
from tests.service.world import ARRIVED, QUARANTINE, mail, original_of

UNPIXEL = [sys.executable, "-c", "from blocker.cli import main; main(prog_name='unpixel')"]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of its own, and the test server's password in a variable."""
    path = tmp_path / "config.toml"
    path.write_text('# mine\ndata_dir = "data"\n')
    monkeypatch.setenv("UNPIXEL_CONFIG", str(path))
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    monkeypatch.setenv("WRONG_PASSWORD", "hunter2")
    return path


def unpixel(*arguments: str, given: str | None = None) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, list(arguments), input=given, prog_name="unpixel")


def add(account: Account, *more: str, variable: str = "MAIL_PASSWORD") -> Result:
    """Add the account of a test server."""
    where = (
        "--host",
        account.host,
        "--port",
        str(account.port),
        "--security",
        "none",
        "--user",
        account.user,
    )
    return unpixel(
        "account", "add", "ada@example.org", "--name", "ada", *where, "--password-env", variable, *more
    )


def test_without_an_account_the_next_step_is_named(config: Path) -> None:
    """run --once and sweep name `account add`; the list is empty, as JSON too."""
    for command in (("run", "--once"), ("sweep", "ada")):
        result = unpixel(*command)
        assert (result.exit_code, "unpixel account add" in result.output) == (1, True)
    assert json.loads(unpixel("account", "list", "--json").output) == []
    assert config.read_text() == '# mine\ndata_dir = "data"\n'


def test_an_account_is_tried_saved_listed_and_removed(config: Path, dovecot: Dovecot) -> None:
    """It is saved once the sign-in worked, without its password; its removal leaves the rest of the file."""
    account = dovecot.account()
    result = add(account, "--mode", "replace", "--folder", "INBOX")
    assert (result.exit_code, "Signed in to 127.0.0.1" in result.output) == (0, True)
    assert load().account("ada").mode == "replace"
    assert PASSWORD not in config.read_text()
    (listed,) = json.loads(unpixel("account", "list", "--json").output)
    assert (listed["name"], listed["password_env"], listed["mode"]) == ("ada", "MAIL_PASSWORD", "replace")
    assert "replace/standard" in unpixel("account", "list").output
    facts = json.loads(unpixel("account", "test", "ada", "--json").output)
    assert facts == {
        "account": "ada",
        "host": "127.0.0.1",
        "user": account.user,
        "messages": {"INBOX": 0},
        "can_move": True,
    }
    assert unpixel("account", "remove", "ada").exit_code == 0
    assert config.read_text().strip() == '# mine\ndata_dir = "data"'


@pytest.mark.usefixtures("config")
def test_what_fails_is_told_and_not_saved(dovecot: Dovecot) -> None:
    """A wrong login, a wrong port, an unset variable, a wrong address, a taken name: a sentence, exit code 1."""
    account = dovecot.account()
    for result, said in (
        (add(account, variable="WRONG_PASSWORD"), "does not accept the user name or password"),
        (add(account, variable="UNSET_VARIABLE"), "UNSET_VARIABLE, which is not set"),
        (
            unpixel(
                "account",
                "add",
                "ada@example.org",
                "--host",
                "127.0.0.1",
                "--port",
                "1",
                "--password-env",
                "MAIL_PASSWORD",
            ),
            "Nothing listens at 127.0.0.1:1",
        ),
        (unpixel("account", "add", "nobody", "--host", "h", "--no-test"), '"nobody" is no mail address'),
        (unpixel("account", "remove", "ada"), 'There is no account "ada"'),
        (unpixel("account", "test", "ada"), 'There is no account "ada"'),
    ):
        assert result.exit_code == 1, result.output
        assert said in result.output
        assert "hunter2" not in result.output
        assert "Traceback" not in result.output
    assert load().accounts == ()
    assert add(account, "--no-test").exit_code == 0
    assert "already" in add(account, "--no-test").output
    assert unpixel("account", "add", "b@example.org", "--mode", "x").exit_code == 2


def test_only_the_server_is_asked_for(config: Path, dovecot: Dovecot) -> None:
    """With nothing given but the address, the server and the password are asked for; the password hidden."""
    account = dovecot.account()
    more = ("--port", str(account.port), "--security", "none", "--user", account.user)
    result = unpixel("account", "add", "ada@example.org", *more, given=f"127.0.0.1\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    saved = load().account("ada@example.org")
    assert (saved.host, saved.password_command, saved.password_env) == ("127.0.0.1", None, None)
    assert PASSWORD not in config.read_text()
    result = unpixel("run", "--once")
    assert (result.exit_code, "Nobody is there to type" in result.output) == (1, True)


@pytest.mark.usefixtures("config")
def test_a_sweep_says_what_it_would_do_then_does_it(dovecot: Dovecot) -> None:
    """The dry run changes nothing; the sweep treats what it said; a further one has nothing to do."""
    account = dovecot.account()
    add(account, "--mode", "replace")
    client = Client(account)
    client.append(mail(1), (), ARRIVED)
    client.append(mail(2, tracked=False), (), ARRIVED)
    dry = unpixel("sweep", "ada", "--dry-run")
    assert "Would be treated: 2 messages (1 replaced, 1 recorded, nothing to change)." in dry.output
    assert [m.raw for m in client.messages()] == [mail(1), mail(2, tracked=False)]
    result = unpixel("sweep", "ada", "--json")
    swept = json.loads(result.output)
    totals = swept.pop("totals")
    assert (totals["messages"], totals["senders"]) == (2, [{"domain": "shop.example", "messages": 1}])
    assert swept == {
        "account": "ada",
        "dry_run": False,
        "done": {"replaced": 1, "reported": 1},
        "left": 0,
        "full": False,
        "failed": {},
    }
    assert [m.raw for m in client.messages(QUARANTINE)] == [mail(1)]
    assert "replaced" not in unpixel("sweep", "ada").output
    assert unpixel("sweep", "ada", "--since", "soon").exit_code == 2
    assert unpixel("sweep", "bob").exit_code == 1
    client.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_it_cleanly_within_two_seconds(
    config: Path, dovecot: Dovecot, number: signal.Signals, code: int
) -> None:
    """It hears of mail at once, a sweep meanwhile is handed to it, and it ends while it listens; no password anywhere."""
    account = dovecot.account()
    add(account, "--mode", "replace")
    config.write_text(config.read_text().replace('mode = "replace"', 'mode = "replace"\npoll = 3600'))
    unpixel("run", "--once")
    process = subprocess.Popen(
        [*UNPIXEL, "run", "--verbose"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stdout is not None
    try:
        client = Client(account)
        client.append(mail(1), (), ARRIVED)
        line = process.stdout.readline()
        assert "Issue 1" in line
        assert "1 pixel removed" in line
        assert "handed to it" in unpixel("sweep", "ada").output
        start = time.monotonic()
        process.send_signal(number)
        _, log = process.communicate(timeout=60)
        assert time.monotonic() - start < 2 * BUSY
    finally:
        process.kill()
    assert process.returncode == code
    assert "Watching ada (replace)" in log
    assert PASSWORD not in log
    assert '"step": "MoveOriginal"' in log
    client.close()


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_a_signal_ends_it_in_time_though_the_server_is_silent(
    config: Path, dovecot: Dovecot, proxy: type[Proxy], command: str
) -> None:
    """The link is a black hole while an answer is waited for: it ends all the same, and the next start goes on."""
    account = dovecot.account()
    add(account, "--mode", "replace")
    unpixel("run", "--once")
    client = Client(account)
    client.append(mail(1), (), ARRIVED)
    wire = proxy(account.host, account.port)
    wire.to_client = lambda data: b"" if b" APPEND " in wire.sent else data
    config.write_text(config.read_text().replace(f"port = {account.port}", f"port = {wire.port}"))
    arguments = ["run"] if command == "run" else ["sweep", "ada"]
    process = subprocess.Popen([*UNPIXEL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until(lambda: b" APPEND " in wire.sent)
        time.sleep(0.2)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert time.monotonic() - start < 2 * BUSY
    finally:
        process.kill()
        process.communicate()
    assert {original_of(m.raw) or m.raw for m in client.messages()} == {mail(1)}
    config.write_text(config.read_text().replace(f"port = {wire.port}", f"port = {account.port}"))
    unpixel("run", "--once")
    assert [original_of(m.raw) for m in client.messages()] == [mail(1)]
    assert [m.raw for m in client.messages(QUARANTINE)] == [mail(1)]
    client.close()


def test_a_refused_password_is_tried_once_and_again_when_somebody_has_seen_to_it(
    config: Path, dovecot: Dovecot
) -> None:
    """The service goes on without the account, and takes it up when the configuration is written; it tells no password."""
    account = dovecot.account()
    add(account)
    right = config.read_text()
    config.write_text(right.replace("MAIL_PASSWORD", "WRONG_PASSWORD"))
    with subprocess.Popen([*UNPIXEL, "run", "--log", "human"], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        told = [next(line for line in running.stderr if "does not accept" in line)]
        time.sleep(2)
        assert dovecot.log().count(f"user=<{account.user}>") == 2, (
            "signed in when it was added, then refused once"
        )
        config.write_text(right)
        told.append(next(line for line in running.stderr if "watching" in line))
        running.send_signal(signal.SIGTERM)
        told.append(running.stderr.read())
    assert running.returncode == 0
    assert "hunter2" not in "".join(told)


def test_accounts_that_come_change_and_go_are_taken_up(config: Path, dovecot: Dovecot) -> None:
    """It is started before there is an account; one is added, gets another mode, and is taken out, while it runs."""
    account = dovecot.account()
    client = Client(account)
    with subprocess.Popen([*UNPIXEL, "run"], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "There is no account yet" in running.stderr.readline()
        add(account)
        watched = {"watching"}
        until(lambda: {state_of("ada")} == watched)
        set_account(config, "ada", mode="replace")
        until(lambda: seen_mode("ada") == "replace" and {state_of("ada")} == watched)
        client.append(mail(2), (), ARRIVED)
        until(lambda: mail(2) in [m.raw for m in client.messages(QUARANTINE)])
        unpixel("account", "remove", "ada")
        until(lambda: state_of("ada") == "stopped")
        running.send_signal(signal.SIGTERM)
        running.stderr.read()  # it says that it ends, to whoever still listens
    assert running.returncode == 0
    client.close()


def state_of(name: str) -> str:
    """How it is with an account, as the service says in the catalogue."""
    with Catalogue.open(load().database) as catalogue:
        return next((beat.condition.value for beat in catalogue.heartbeats() if beat.account == name), "")


def seen_mode(name: str) -> str:
    """The mode in which the service works on an account."""
    with Catalogue.open(load().database) as catalogue:
        return next((found.mode for found in catalogue.accounts() if found.name == name), "")


@pytest.mark.usefixtures("config")
def test_events_as_json(dovecot: Dovecot) -> None:
    """One object a line, with the documented keys."""
    account = dovecot.account()
    add(account, "--mode", "flag")
    unpixel("run", "--once")
    client = Client(account)
    client.append(mail(1), (), ARRIVED)
    (event,) = [json.loads(line) for line in unpixel("run", "--once", "--json").output.splitlines()]
    assert event == {
        "account": "ada",
        "action": "flagged",
        "mailbox": "INBOX",
        "uid": 1,
        "subject": "Issue 1",
        "from": "News <news@shop.example>",
        "kinds": {"pixel": 1},
        "detail": "",
    }
    client.close()
