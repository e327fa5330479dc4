"""The run as a whole: which commands went to IMAP servers, and whether a password was printed or logged anywhere."""

from __future__ import annotations

import base64
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.servers.dovecot import PASSWORD
from tests.wire import sitecustomize

_SELECT = re.compile(r"(?i)^(SELECT|EXAMINE|UNSELECT)\b")
_MARK = re.compile(r"(?i)^UID STORE ([\d,]+) (?:\(UNCHANGEDSINCE \d+\) )?\+FLAGS\.SILENT \(\\Deleted\)$")
_EXPUNGE = re.compile(r"(?i)^UID EXPUNGE (.*)$")
_REACHES_OTHERS = re.compile(r"(?i)^(EXPUNGE|CLOSE)\b|^UID (?:FETCH|STORE|MOVE|COPY|EXPUNGE) [\d,]*[:*]")
"""What takes away messages that others marked, and commands on a range."""
_NAME = re.compile(r"^(?:UID )?\S+")


def judged(lines: Iterable[str]) -> tuple[Counter[str], list[str]]:
    """How often each command of one process was sent, and those that must never be.

    A line is the number of a connection and a command. UID EXPUNGE must name, one by one, messages that the same
    connection itself marked as deleted since it selected the folder.
    """
    counts: Counter[str] = Counter()
    wrong = []
    marked: dict[str, set[str]] = {}
    for line in lines:
        connection, _, command = line.partition(" ")
        if (name := _NAME.match(command)) is not None:
            counts[name[0].upper()] += 1
        mine = marked.setdefault(connection, set())
        if _REACHES_OTHERS.match(command):
            wrong.append(command)
        elif _SELECT.match(command):
            mine.clear()
        elif (mark := _MARK.match(command)) is not None:
            mine.update(mark[1].split(","))
        elif (expunge := _EXPUNGE.match(command)) is not None and not mine.issuperset(expunge[1].split(",")):
            wrong.append(command)
    return counts, wrong


def shows(text: str, password: str = PASSWORD) -> bool:
    """Whether a text holds a password, plain or in base64 at any of its three alignments."""
    forms = {password}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + password.encode()).decode().rstrip("=")
        forms.add(encoded[-(-before * 4 // 3) : -1])  # without the characters that neighbours have a part in
    return any(form in text for form in forms)


class Wire:
    """A plugin: keeps what is sent, reads what each test printed and logged, and fails the run where it must."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="unpixel-wire-"))
        self._printed: list[str] = []
        self._counts: Counter[str] = Counter()
        self._wrong: list[str] = []
        os.environ[sitecustomize.DIRECTORY] = str(self._directory)
        here = str(Path(__file__).parent)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
        sitecustomize.install()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What a test, or a process that it started, printed and logged."""
        if report.when == "teardown" and any(shows(text) for _, text in report.sections):
            self._printed.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Read what was kept."""
        for path in self._directory.iterdir():
            counts, wrong = judged(path.read_text("utf-8", "replace").splitlines())
            self._counts += counts
            self._wrong += wrong
        shutil.rmtree(self._directory, ignore_errors=True)
        if (self._wrong or self._printed) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What was found."""
        write = terminalreporter.write_line
        if self._counts:
            told = ", ".join(f"{name} {count}" for name, count in sorted(self._counts.items()))
            write(f"IMAP commands sent by unpixel: {told}")
            write(
                f"EXPUNGE, CLOSE, ranges, or UID EXPUNGE of what it did not mark itself: {len(self._wrong)}; "
                f"tests in whose output a password stands: {len(self._printed)}"
            )
        for command in self._wrong[:20]:
            write(f"  must never be sent: {command[:200]}", red=True)
        for name in self._printed[:20]:
            write(f"  a password stands in the output of {name}", red=True)
