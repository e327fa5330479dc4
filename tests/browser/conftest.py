"""The proofs, each made once for all the tests that read it, and their tables at the end of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.choice import chosen
from tests.browser.proof import Outcome, prove, subject, table
from tests.cases.cases import CASES
from tests.fixtures.paths import FIXTURES, VECTORS

_TABLES = pytest.StashKey[dict[str, list[str]]]()


@pytest.fixture(scope="session")
def fixture_mail(pytestconfig: pytest.Config) -> list[Outcome]:
    """The hand-written messages but the vectors and the cases, at every level in both browsers.

    Many a case is mail that the standard library, by which a page is made here, does not read: test_cases opens those
    that must be silent as they are declared.
    """
    paths = [
        p for p in sorted(FIXTURES.rglob("*.eml")) if p.parent != VECTORS and not p.is_relative_to(CASES)
    ]
    return _proved(pytestconfig, "hand-written mail", FIXTURES, paths)


@pytest.fixture(scope="session")
def vector_mail(pytestconfig: pytest.Config) -> list[Outcome]:
    """One message for each known way to contact a host, opened at every level in both browsers."""
    return _proved(pytestconfig, "vectors", VECTORS, sorted(VECTORS.glob("*.eml")))


@pytest.fixture(scope="session")
def real_mail(pytestconfig: pytest.Config, corpus: Path) -> list[Outcome]:
    """The chosen real messages, opened at every level in both browsers."""
    return _proved(pytestconfig, "real mail", corpus, chosen(corpus))


def _proved(config: pytest.Config, title: str, root: Path, paths: list[Path]) -> list[Outcome]:
    outcomes = prove([subject(str(path.relative_to(root)), path.read_bytes()) for path in paths])
    config.stash.setdefault(_TABLES, {})[title] = table(outcomes)
    return outcomes


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the tables."""
    for title, rows in config.stash.get(_TABLES, {}).items():
        terminalreporter.section(f"in browsers: {title}")
        for row in rows:
            terminalreporter.write_line(row)
