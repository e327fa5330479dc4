"""`unpixel sender`, and undo patches that the commands on files keep in the catalogue."""

from __future__ import annotations

import json
from hashlib import sha512
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import blocker
from blocker.catalogue import Catalogue
from blocker.choices.levels import Setting
from blocker.cli import main
from blocker.config import load


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with one strict account, nothing that proves a sender, and a place of its own."""
    path = tmp_path / "config.toml"
    path.write_text(
        'data_dir = "data"\n[accounts.ada]\naddress = "ada@example.org"\nhost = "mail.example.org"\nlevel = "strict"\n'
    )
    monkeypatch.setenv("UNPIXEL_CONFIG", str(path))
    return path


def run(*arguments: str, given: bytes | None = None) -> Result:
    """One run of the command line."""
    return CliRunner().invoke(main, arguments, input=given)


def levels(account: str = "") -> dict[str, Setting]:
    """What is set."""
    with Catalogue.open(load().database) as catalogue:
        return catalogue.sender_levels(account)


def test_set_show_reset() -> None:
    """What was set is kept under the organisational domain, shown, and taken back."""
    assert (
        run("sender", "shop.example").output
        == "Nothing is set for shop.example: its mail gets the level of each account.\n"
    )
    assert (
        run("sender", "News.Shop.Example", "--level", "paranoid").output
        == "shop.example  paranoid  all accounts\n"
    )
    run("sender", "shop.example", "--allow", "--account", "ada")
    assert (levels(), levels("ada")) == ({"shop.example": "paranoid"}, {"shop.example": "allow"})
    told = json.loads(run("sender", "shop.example", "--json").output)
    assert [(s["level"], s["account"]) for s in told["settings"]] == [("paranoid", None), ("allow", "ada")]
    run("sender", "shop.example", "--reset", "--account", "ada")
    assert levels("ada") == {"shop.example": "paranoid"}
    assert run("sender", "shop.example", "--reset").exit_code == 0
    assert levels() == {}


def test_what_cannot_apply_is_said_at_once(configured: Path) -> None:
    """Less protection without any way to prove a sender gets a warning with both ways; more protection gets none."""
    assert "authserv_ids" in run("sender", "shop.example", "--allow").stderr
    assert "dkim_lookups" in run("sender", "shop.example", "--level", "standard").stderr
    assert run("sender", "shop.example", "--level", "strict").stderr == ""
    configured.write_text(configured.read_text() + 'authserv_ids = ["mx.example.org"]\n')
    assert run("sender", "shop.example", "--allow").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["shop.example", "--allow", "--reset"], 2, "Say one of"),
        (["shop.example", "--level", "loose"], 2, "paranoid"),
        (["shop", "--allow"], 1, "like shop.example"),
        (["shop.example", "--account", "bob", "--allow"], 1, 'no account "bob"'),
    ],
)
def test_mistakes(arguments: list[str], code: int, words: str) -> None:
    """Each is told in a sentence, and nothing is set."""
    result = run("sender", *arguments)
    assert result.exit_code == code
    assert words in result.output
    assert levels() == {}


def large() -> bytes:
    """A mail whose patch does not fit into a header at paranoid."""
    urls = (sha512(str(n).encode()).hexdigest() + sha512(str(-n).encode()).hexdigest() for n in range(400))
    tags = "".join(f'<img src="https://cdn.shop.example/{url}">\r\n' for url in urls)
    return f"From: a@shop.example\r\nContent-Type: text/html\r\n\r\n{tags}".encode()


@pytest.mark.parametrize(
    "command", [("neutralise", "--level", "paranoid", "-"), ("filter", "--level", "paranoid")]
)
def test_a_large_patch_is_kept_and_found(command: tuple[str, ...]) -> None:
    """What a file's own header has no room for comes out of the catalogue, byte for byte."""
    new = run(*command, given=large()).stdout_bytes
    assert b"patch=catalogue;" in new
    assert run("restore", "-", given=new).stdout_bytes == large()
    assert run("forget", "--sender", "shop.example", "--yes").exit_code == 0
    again = run("restore", "-", given=new)
    assert again.exit_code == 1
    assert again.stdout_bytes == b""
    assert "the catalogue does not have it: take the original from the quarantine folder." in again.stderr


@pytest.mark.parametrize(
    "command", [("neutralise", "--level", "paranoid", "-"), ("filter", "--level", "paranoid")]
)
def test_what_could_not_be_undone_is_not_done(command: tuple[str, ...], configured: Path) -> None:
    """Where the patch cannot be kept, the message comes out as it was."""
    configured.write_text('database = "sqlite:////proc/nowhere/catalogue.sqlite"\n')
    result = run(*command, given=large())
    assert (result.exit_code, result.stdout_bytes) == (0, large())
    assert "unpixel: " in result.stderr


def test_a_small_patch_needs_no_catalogue(configured: Path) -> None:
    """Neutralising and restoring touch no database as long as the header has room."""
    configured.write_text('database = "sqlite:////proc/nowhere/catalogue.sqlite"\n')
    raw = large()[:600] + b'">'
    new = run("neutralise", "--level", "paranoid", "-", given=raw).stdout_bytes
    assert new != raw
    assert blocker.restore(new) == raw
    assert run("restore", "-", given=new).stdout_bytes == raw
