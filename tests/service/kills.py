"""The table of what was killed where."""

from __future__ import annotations

import pytest

KILLED = pytest.StashKey[dict[str, list[str]]]()
"""At which moments a process was killed, and on which server and database all was well afterwards."""


def summary(reporter: pytest.TerminalReporter) -> None:
    """Print a line a moment, with how often it was survived on each server and database."""
    rows = reporter.config.stash.get(KILLED, {})
    if not rows:
        return
    columns = list(dict.fromkeys(where for found in rows.values() for where in found))
    reporter.section("killed (-9) at each step and resumed: nothing lost, nothing twice, no step left over")
    for number, column in enumerate(columns, 1):
        reporter.write_line(f"{number}: {column}")
    reporter.write_line(f"{'':28}" + "".join(f"{number:5}" for number in range(1, len(columns) + 1)))
    for moment, found in rows.items():
        cells = "".join(f"{found.count(column) or '-':>5}" for column in columns)
        reporter.write_line(f"{moment:28}{cells}")
