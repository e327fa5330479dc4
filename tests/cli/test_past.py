"""unpixel sweep's limit and unpixel restore on an account, on a real Dovecot."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocker.catalogue import Catalogue
from blocker.cli import main
from blocker.config import load
from blocker.service.exchange.lock import Claim
from tests.servers.dovecot import Account, Dovecot
from tests.service.test_dovecot import Client
from tests.service.world import ARRIVED, QUARANTINE, mail


@pytest.fixture
def account(dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account with three tracked messages, looked at once by nobody."""
    made = dovecot.account()
    (tmp_path / "config.toml").write_text(
        f'data_dir = "data"\n[accounts.ada]\naddress = "ada@example.org"\nhost = "{made.host}"\nport = {made.port}\n'
        f'security = "none"\nuser = "{made.user}"\npassword_env = "SECRET"\nmode = "replace"\n'
    )
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("SECRET", made.password)
    client = Client(made)
    for number in (1, 2, 3):
        client.append(mail(number), (), ARRIVED)
    client.close()
    return made


def unpixel(*arguments: str, given: str | None = None) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, list(arguments), input=given)


def raws(account: Account, folder: str = "INBOX") -> list[bytes]:
    """What lies in a folder, sorted."""
    client = Client(account)
    try:
        return sorted(seen.raw for seen in client.messages(folder))
    finally:
        client.close()


def test_a_sweep_pauses_and_goes_on_and_originals_come_back(account: Account) -> None:
    """Two are changed, then it pauses; asked again it goes on; then one, then all come back byte for byte."""
    first = unpixel("sweep", "ada", "--max", "2")
    assert first.exit_code == 0, first.output
    assert "with 1 messages still to be looked at: `unpixel sweep ada` goes on" in first.output
    assert raws(account, QUARANTINE) == [mail(2), mail(3)]
    told = json.loads(unpixel("sweep", "ada", "--max", "2", "--json").output)
    assert told == {
        "account": "ada",
        "dry_run": False,
        "done": {"replaced": 1},
        "left": 0,
        "full": False,
        "failed": {},
        "totals": {
            "messages": 1,
            "tracked": 1,
            "verdicts": {"pixel": 1},
            "vendors": [],
            "senders": [{"domain": "shop.example", "messages": 1}],
        },
    }

    one = unpixel("restore", "--account", "ada", "--message-id", "<2@shop.example>")
    assert (one.exit_code, "1 original is back." in one.output) == (0, True), one.output
    assert raws(account, QUARANTINE) == [mail(1), mail(3)]
    assert mail(2) in raws(account)

    assert unpixel("restore", "--account", "ada", "--sender", "other.example").exit_code == 1
    unsure = unpixel("restore", "--account", "ada", "--all", given="n\n")
    assert (unsure.exit_code, "Nothing was put back" in unsure.output) == (1, True)
    assert raws(account, QUARANTINE) == [mail(1), mail(3)]
    rest = unpixel("restore", "--account", "ada", "--sender", "shop.example", "--yes", "--json")
    assert json.loads(rest.output) == {"account": "ada", "restored": 2, "failed": {}}
    assert raws(account) == [mail(1), mail(2), mail(3)]
    assert raws(account, QUARANTINE) == []


def test_a_dry_run_knows_no_limit(account: Account) -> None:
    """It says what a whole sweep would do, and does nothing."""
    result = unpixel("sweep", "ada", "--dry-run", "--max", "1")
    assert "Would be treated: 3 messages (3 replaced)." in result.output
    assert raws(account) == [mail(1), mail(2), mail(3)]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--account", "ada"),
        ("--all",),
        ("--account", "ada", "--all", "--sender", "shop.example"),
        ("-", "--account", "ada", "--all"),
    ],
)
def test_what_to_restore_must_be_clear(arguments: tuple[str, ...]) -> None:
    """A file, or an account with one wish; anything else is a mistake of usage."""
    assert unpixel("restore", *arguments, given="").exit_code == 2


def test_a_sweep_tells_in_full_of_a_folder_that_cannot_be_opened(account: Account, tmp_path: Path) -> None:
    """The other is swept and summed up; the exit code is 1; the sentence is not cut at a terminal's width."""
    place = tmp_path / "config.toml"
    place.write_text(place.read_text() + 'folders = ["Missing", "INBOX"]\n')
    result = unpixel("sweep", "ada")
    assert result.exit_code == 1
    assert "would not open the folder Missing" in result.output
    assert "check the folder and the account's rights." in result.output
    assert "Treated: 3 messages (3 replaced)." in result.output
    assert "3 messages read, 3 tracked." in result.output
    assert raws(account, QUARANTINE) == [mail(1), mail(2), mail(3)]
    told = [json.loads(line) for line in unpixel("sweep", "ada", "--json").output.splitlines()]
    assert list(told[-1]["failed"]) == ["Missing"]


@pytest.mark.usefixtures("account")
def test_a_report_sweep_ends_with_totals(tmp_path: Path) -> None:
    """By verdict, vendor and sender, as a scan does."""
    place = tmp_path / "config.toml"
    place.write_text(place.read_text().replace('mode = "replace"', 'mode = "report"'))
    lines = unpixel("sweep", "ada").output.splitlines()
    assert lines[0] == "Treated: 3 messages (3 recorded, nothing to change)."
    assert lines[1] == "3 messages read, 3 tracked."
    assert lines[2].startswith("References: 3 pixel")
    assert lines[-1] == "Senders of most tracked mail: 3 shop.example"


def test_what_is_handed_to_a_running_service_is_told_to_programs_too(account: Account) -> None:
    """With --json it is an object, as always, and the service is asked for just that."""
    assert unpixel("sweep", "ada").exit_code == 0
    config = load()
    with Catalogue.open(config.database) as catalogue:
        claim = Claim(config.data_dir / "locks", catalogue, "ada")
        claim.take(serves=True)
        try:
            swept = unpixel("sweep", "ada", "--json")
            restored = unpixel("restore", "--account", "ada", "--all", "--yes", "--json")
        finally:
            claim.release()
        asked = [command.kind for command in catalogue.pending("ada")]
    assert json.loads(swept.output) == {"account": "ada", "handed_over": True}
    assert json.loads(restored.output) == {"account": "ada", "handed_over": True, "asked": 3}
    assert asked == ["sweep", "restore", "restore", "restore"]
    assert raws(account, QUARANTINE) == [mail(1), mail(2), mail(3)]


def test_nothing_is_handed_to_who_carries_nothing_out(account: Account) -> None:
    """While another sweep has the account, both commands fail and say who has it; nobody is asked for anything."""
    assert unpixel("sweep", "ada").exit_code == 0
    config = load()
    with Catalogue.open(config.database) as catalogue:
        claim = Claim(config.data_dir / "locks", catalogue, "ada")
        claim.take()
        try:
            swept = unpixel("sweep", "ada", "--json")
            restored = unpixel("restore", "--account", "ada", "--all", "--yes", "--json")
        finally:
            claim.release()
        asked = catalogue.pending("ada")
    for result in (swept, restored):
        assert result.exit_code == 1
        assert f"(process {os.getpid()} on " in result.output
        assert "wait for its end, then try again." in result.output
    assert asked == []
    assert raws(account, QUARANTINE) == [mail(1), mail(2), mail(3)]
