"""The options of the test run itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]


def collected(*options: str) -> subprocess.CompletedProcess[str]:
    """What pytest would run of the mailbox tests."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run([*command, "tests/mailbox"], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_corpus_tests_are_collected_on_request(tmp_path: Path) -> None:
    """Tests on real mail are collected with --corpus DIR only, and are then all there."""
    name = "test_every_file_of_a_corpus_is_read"
    assert name not in collected().stdout
    assert name in collected("--corpus", str(tmp_path)).stdout


def test_a_corpus_that_is_not_there() -> None:
    """It is a usage error that names the directory."""
    run = collected("--corpus", "no/such/place")
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no/such/place is not a directory" in run.stderr


def test_fast_leaves_out_servers() -> None:
    """--fast leaves out every test that uses a Dovecot, marked by its fixture, and keeps the others."""
    everything, fast = collected().stdout, collected("--fast").stdout
    assert "TestDovecot::test_move" in everything
    assert "test_a_wrong_password" in everything
    assert "TestDovecot" not in fast
    assert "test_a_wrong_password" not in fast
    assert "TestMemory::test_move" in fast
    assert "test_greetings_that_lead_nowhere" in fast


def test_a_missing_dovecot_fails_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Dovecot is not installed the tests that need it fail, and say what to do; they are not skipped."""
    from tests.servers import dovecot

    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(RuntimeError, match="apt-get install dovecot-imapd"):
        dovecot.Dovecot()
