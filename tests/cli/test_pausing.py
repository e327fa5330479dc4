"""`unpixel pause` and `unpixel resume`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocker.catalogue import Catalogue
from blocker.catalogue.pauses import Pause
from blocker.cli import main
from blocker.config import load


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts that no service has seen yet."""
    path = tmp_path / "config.toml"
    accounts = "".join(
        f'[accounts.{name}]\naddress = "{name}@example.org"\nhost = "mail.example.org"\n'
        for name in ("ada", "bea")
    )
    path.write_text(f'data_dir = "data"\n{accounts}')
    monkeypatch.setenv("UNPIXEL_CONFIG", str(path))


def run(*arguments: str) -> Result:
    """One run of the command line."""
    return CliRunner().invoke(main, arguments)


def pauses() -> dict[str, Pause]:
    """What is paused."""
    with Catalogue.open(load().database) as catalogue:
        return catalogue.pauses()


def test_one_account_for_a_while() -> None:
    """The span counts from now; a second one takes the place of the first."""
    assert 'Paused "ada" until 2' in run("pause", "ada", "--for", "1h").output
    run("pause", "ada", "--for", "15m")
    (pause,) = pauses().values()
    assert pause.until is not None
    assert timedelta(minutes=14) < pause.until - datetime.now(UTC) <= timedelta(minutes=15)
    assert run("resume", "ada").output == 'Resumed "ada".\n'
    assert pauses() == {}


def test_all_until_resumed() -> None:
    """Without a name it is every account of the configuration; one of them can be resumed alone."""
    assert run("pause").output == 'Paused "ada", "bea" until `unpixel resume`.\n'
    assert {name: pause.until for name, pause in pauses().items()} == {"ada": None, "bea": None}
    run("resume", "bea")
    assert list(pauses()) == ["ada"]
    assert run("resume").output == 'Resumed "ada".\n'
    assert run("resume").output == "Nothing was paused.\n"


@pytest.mark.parametrize("span", ["1", "h", "0m", "-1h", "1.5h", "400d", "9999999h", "1w", "١h"])
def test_what_is_no_span_is_refused(span: str) -> None:
    """With what to write instead, and nothing is paused."""
    refused = run("pause", "--for", span)
    assert refused.exit_code == 2
    assert "write 15m, 1h or 2d" in refused.output
    assert pauses() == {}


def test_an_account_that_is_none_is_refused() -> None:
    """With the names that there are."""
    for command in ("pause", "resume"):
        refused = run(command, "cyd")
        assert refused.exit_code == 1
        assert "choose one of ada, bea" in refused.output
