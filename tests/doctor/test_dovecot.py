"""The doctor on a real Dovecot: what it finds is what that server does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from blocker.catalogue import Catalogue
from blocker.cli import main
from blocker.config import load
from blocker.doctor import Findings, advise
from blocker.doctor.examine import NAME, examine
from blocker.mailbox.imap import ImapStore
from blocker.mailbox.imap.facts import ImapFacts
from tests.servers.dovecot import Account, Dovecot


@dataclass
class Door:
    """Connections to an account of a test server."""

    account: Account

    @property
    def host(self) -> str:
        """Its host."""
        return self.account.host

    def __call__(self) -> tuple[ImapStore, ImapFacts]:
        """A connection."""
        account = self.account
        store = ImapStore(account.host, account.port, account.user, account.password, security="none")
        return store, store.facts()


def folders(account: Account) -> list[str]:
    """What folders there are."""
    store, _ = Door(account)()
    try:
        return store.folders()
    finally:
        store.close()


def test_dovecot_can_do_everything(dovecot: Dovecot) -> None:
    """Every check is good on a full server; a message of the owner's stays unread and recent; nothing is left."""
    account = dovecot.account()
    store, _ = Door(account)()
    store.open("INBOX", readonly=True).append(b"From: a@example.org\r\n\r\nmine\r\n")
    store.close()
    found = examine(Door(account))
    assert found.failures == ()
    assert (found.read_back, found.header, found.same_id, found.date) == ("exact", True, "kept", True)
    assert (found.keywords, found.new_keywords, found.appenduid) == (True, True, True)
    assert (found.moves, found.removes, found.idle) == (True, True, True)
    assert "Dovecot" in found.server
    assert {"MOVE", "UIDPLUS", "IDLE"} <= set(found.capabilities)
    assert advise(found).mode == "replace"
    assert folders(account) == ["INBOX"]
    assert dovecot.doveadm("fetch", "-u", account.user, "flags", "mailbox", "INBOX").split() == [
        "flags:",
        "\\Recent",
    ]


def test_a_stripped_server_may_only_copy(dovecot_stripped: Dovecot) -> None:
    """Without MOVE and UIDPLUS no message can be moved or taken back, and IDLE is not tried; nothing is left."""
    account = dovecot_stripped.account()
    found = examine(Door(account))
    assert (found.moves, found.removes, found.idle) == (False, False, None)
    assert (found.read_back, found.same_id) == ("exact", "kept")
    assert advise(found).mode == "copy"
    assert folders(account) == ["INBOX"]


def test_copy_and_targeted_expunge_count_as_moving(dovecot_uidplus: Dovecot) -> None:
    """UIDPLUS without MOVE is enough: the neighbours of the moved message stay."""
    found = examine(Door(dovecot_uidplus.account()))
    assert (found.moves, found.removes) == (True, True)
    assert advise(found).mode == "replace"


def test_the_quota_is_told(dovecot_quota: Dovecot) -> None:
    """A quota of 20 KB is read in octets."""
    found = examine(Door(dovecot_quota.account()))
    assert found.room is not None
    assert found.room[1] == 20 * 1024


def test_rights_are_told_folder_by_folder(dovecot_acl: Dovecot) -> None:
    """A folder that can be added to but not changed forbids replace, though the scratch mailbox was fine."""
    account = dovecot_acl.account()
    store, _ = Door(account)()
    store.ensure("Shelf")
    store.close()
    found = examine(Door(account), ("INBOX", "Shelf"))
    assert set(found.rights["Shelf"] or "") == set("lri")
    assert found.moves
    assert advise(found).mode == "copy"


@pytest.fixture
def configured(dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account in a configuration file that the commands read."""
    account = dovecot.account()
    (tmp_path / "config.toml").write_text(
        f'data_dir = "data"\n[accounts.ada]\n# mine\naddress = "ada@example.org"\nhost = "{account.host}"\n'
        f'port = {account.port}\nsecurity = "none"\nuser = "{account.user}"\npassword_env = "SECRET"\n'
    )
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("SECRET", account.password)
    return account


def test_the_command_prints_json_and_keeps_the_profile(configured: Account) -> None:
    """`unpixel doctor ada --json` prints the mode, the checks and the findings; the catalogue keeps the same."""
    result = CliRunner().invoke(main, ["doctor", "ada", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["mode"] == "replace"
    assert {check["check"] for check in told["checks"]} >= {"read back", "same Message-ID", "IDLE", "move"}
    with Catalogue.open(load().database) as catalogue:
        profile = catalogue.profile("ada")
    assert profile is not None
    assert (profile.host, profile.mode) == (configured.host, "replace")
    assert Findings.from_dict(profile.findings) == Findings.from_dict(told["findings"])


def test_the_command_prints_a_table_and_writes_the_mode(configured: Account) -> None:
    """The table says what each check means; --set-mode changes the one key and keeps the comment."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["doctor", "ada", "--set-mode"])
    assert result.exit_code == 0, result.output
    assert "A copy may keep its original's Message-ID." in result.stdout
    assert f'The safest mode that works on {configured.host} is "replace"' in result.stdout
    assert load().account("ada").mode == "replace"
    assert "# mine" in load().path.read_text()
    assert not [name for name in folders(configured) if name.startswith(NAME)]
    assert configured.password not in result.output
