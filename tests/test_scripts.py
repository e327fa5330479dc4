"""The scripts that set everything up say clearly what they cannot do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def bash(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of bash at the top of the repository."""
    command = ["bash", "-euo", "pipefail", "-c", script, "bash", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_corpus_that_is_not_there_is_named(tmp_path: Path) -> None:
    """tests/run refuses before it sets anything up: usage error, one sentence with the path."""
    done = bash('tests/run --corpus "$1"', str(tmp_path / "nowhere"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{tmp_path / 'nowhere'} is not a directory; --corpus wants one that holds mail\n"


@pytest.mark.parametrize("package", ["chromium", "python3-venv"])
def test_without_root_the_missing_package_is_named(package: str) -> None:
    """Neither root nor sudo: nothing is tried, and the sentence holds the command for somebody who may."""
    script = (
        f". tests/env.sh; id() {{ echo 1000; }}; sudo() {{ return 1; }}; need_debian {package}; echo went on"
    )
    done = bash(script)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Missing: {package}. Ask an administrator for: apt-get install {package}\n"


def test_each_python_is_found_once() -> None:
    """Every interpreter found starts, is one of 3.11 to 3.13, and no minor version comes twice."""
    found = bash(". tests/env.sh; pythons").stdout.splitlines()
    assert found
    ask = "import sys; print(sys.version_info.minor)"
    minors = [subprocess.check_output([python, "-c", ask], text=True).strip() for python in found]
    assert len(set(minors)) == len(minors)
    assert set(minors) <= {"11", "12", "13"}
