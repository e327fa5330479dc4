"""The commands user and token."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocker.catalogue import Catalogue
from blocker.catalogue.people import People
from blocker.cli import main
from webui.access import Scope
from webui.access.passwords import is_right
from webui.access.tokens import holder

PASSWORD = "correct horse battery"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a catalogue with two accounts."""
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "none" / "config.toml"))
    url = f"sqlite:///{tmp_path}/catalogue.sqlite"
    with Catalogue.open(url) as store:
        store.ensure_account("home", "you@example.net", "report", "standard")
        store.ensure_account("work", "you@example.com", "report", "standard")
    return url


def run(database: str, *arguments: str, given: str | None = None) -> Result:
    """One run of the command line."""
    return CliRunner().invoke(main, [*arguments, "--database", database], input=given)


def test_a_person_is_added_listed_and_removed(database: str) -> None:
    """With a password that is asked for and never printed."""
    added = run(
        database, "user", "add", "ada", "--role", "owner", "--account", "home", given=f"{PASSWORD}\n" * 2
    )
    assert added.exit_code == 0
    assert PASSWORD not in added.output
    viewer = run(database, "user", "add", "tv", "--all-accounts", "--no-password")
    assert (viewer.exit_code, viewer.output) == (0, "Let tv in: unpixel user link tv\n")
    lines = [json.loads(line) for line in run(database, "user", "list", "--json").output.splitlines()]
    assert [(one["name"], one["role"], one["accounts"], one["password"]) for one in lines] == [
        ("owner", "owner", None, False),
        ("ada", "owner", ["home"], True),
        ("tv", "viewer", None, False),
    ]
    assert "argon2" not in str(lines)
    assert [line.split() for line in run(database, "user", "list").output.splitlines()[1:]] == [
        ["owner", "owner", "all", "none"],
        ["ada", "owner", "home", "set"],
        ["tv", "viewer", "all", "none"],
    ]
    assert run(database, "user", "remove", "tv", given="n\n").exit_code == 1
    assert run(database, "user", "remove", "tv", "--yes").exit_code == 0
    with Catalogue.open(database) as store:
        assert [one.name for one in People(store).all()] == ["owner", "ada"]
        assert is_right(store, People(store).named("ada"), PASSWORD)


@pytest.mark.parametrize(
    ("wish", "code", "said"),
    [
        (("user", "add", "ada"), 2, "--account, once or more, or --all-accounts"),
        (("user", "add", "ada", "--account", "home", "--all-accounts"), 2, "or --all-accounts"),
        (("user", "add", "ada", "--account", "hom", "--stdin"), 1, 'There is no account "hom": home, work.'),
        (("user", "add", "Ada", "--all-accounts", "--no-password"), 1, "cannot be a name here"),
        (("user", "add", "owner", "--all-accounts", "--no-password"), 1, "choose another name"),
        (("user", "remove", "bob", "--yes"), 1, "There is nobody called"),
        (("user", "remove", "owner", "--yes"), 1, "must own all accounts"),
        (("user", "password", "bob", "--stdin"), 1, "There is nobody called"),
        (("user", "password", "--stdin"), 1, "The password is too short"),
        (("token", "add", "x", "--scope", "own"), 2, 'There is no scope "own": use read, scan, act.'),
        (("token", "add", "x", "--scope", ","), 1, "can do nothing"),
        (("token", "add", "x" * 61), 1, "a name of up to 60"),
        (("token", "add", "x", "--days", "0"), 2, "--days"),
        (("token", "add", "x", "--user", "bob"), 1, "There is nobody called"),
        (("token", "revoke", "x"), 1, "`unpixel token list` lists them"),
    ],
)
def test_what_cannot_be_done_is_said(database: str, wish: tuple[str, ...], code: int, said: str) -> None:
    """In a sentence, and nothing is changed."""
    result = run(database, *wish, given="short\n")
    assert result.exit_code == code
    assert said in result.output
    with Catalogue.open(database) as store:
        assert [one.name for one in People(store).all()] == ["owner"]


def test_the_password_is_the_owners_where_nobody_is_named(database: str) -> None:
    """From standard input or by asking twice."""
    first = run(database, "user", "password", "--stdin", given=f"{PASSWORD}\n")
    assert (first.exit_code, first.output) == (0, "The password is set.\n")
    asked = run(database, "user", "password", "owner", given="staple horse battery\n" * 2)
    assert asked.exit_code == 0
    assert "staple" not in asked.output
    with Catalogue.open(database) as store:
        owner = People(store).named(None)
        assert is_right(store, owner, "staple horse battery")
        assert not is_right(store, owner, PASSWORD)


def test_a_link_is_printed(database: str) -> None:
    """For the owner or who is named."""
    link = run(database, "user", "link").output
    assert re.fullmatch(r"http://127\.0\.0\.1:8400/login/[\w-]{43}\n", link)


def test_a_token_is_printed_once_listed_and_revoked(database: str) -> None:
    """The output is the token alone, for a script to take; a person's has no more than they."""
    made = run(database, "token", "add", "backup", "--scope", "read, act", "--days", "90")
    assert re.fullmatch(r"unpixel_[\w-]{43}\n", made.output)
    run(database, "user", "add", "tv", "--account", "home", "--no-password")
    theirs = run(database, "token", "add", "clock", "--user", "tv").output.strip()
    assert run(database, "token", "add", "clock", "--user", "tv", "--scope", "act").exit_code == 1
    with Catalogue.open(database) as store:
        somebody = holder(store, f"Bearer {theirs}")
        assert somebody is not None
        assert somebody.accounts == frozenset({"home"})
        assert somebody.scopes == frozenset({Scope.READ, Scope.SCAN})
    lines = [json.loads(line) for line in run(database, "token", "list", "--json").output.splitlines()]
    assert [(one["name"], one["user"], one["scopes"], one["used"]) for one in lines] == [
        ("backup", "owner", ["act", "read"], None),
        ("clock", "tv", ["read", "scan"], None),
    ]
    assert lines[0]["expires"] is not None
    assert made.output.strip() not in str(lines)
    assert "clock" not in run(database, "token", "list", "--user", "owner").output
    assert run(database, "token", "revoke", "clock", "--user", "owner").exit_code == 1
    assert run(database, "token", "revoke", "clock").output == "1 token was ended.\n"
    with Catalogue.open(database) as store:
        assert holder(store, f"Bearer {theirs}") is None
        assert holder(store, f"Bearer {made.output.strip()}") is not None


@pytest.mark.parametrize("command", ["user", "user add", "user list", "token", "token add", "token revoke"])
def test_every_command_helps_with_an_example(command: str) -> None:
    """--help shows how it is used."""
    result = CliRunner().invoke(main, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert f"unpixel {command.split()[0]} " in result.output
