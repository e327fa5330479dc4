"""A command whose work can be cut short ends cleanly whenever a signal comes, and says what it did until then."""

from __future__ import annotations

import signal

import pytest

from blocker.cli.running import INTERRUPTED, Printer, ended_by_signals
from blocker.service import Event


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, INTERRUPTED)])
def test_a_signal_outside_of_the_work(
    number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the work begins, or once it is done: the exit code and the sentences are those of the work itself."""
    printer = Printer(False, quiet=True)
    usual = signal.getsignal(number)
    with pytest.raises(SystemExit) as ended, ended_by_signals(printer):
        for action in ("replaced", "replaced", "reported"):
            printer(Event("ada", action, "INBOX", 1))
        printer(Event("ada", "trouble", "INBOX"))
        signal.raise_signal(number)
    assert ended.value.code == code
    said = capsys.readouterr().err
    assert "Ended; what was under way goes on next time." in said
    assert "Until then: 2 replaced, 1 reported." in said
    assert signal.getsignal(number) == usual


def test_nothing_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    """Of nothing nothing is said; a command that ends by itself says no more either."""
    printer = Printer(False, quiet=True)
    with pytest.raises(SystemExit), ended_by_signals(printer):
        signal.raise_signal(signal.SIGTERM)
    assert "Until then" not in capsys.readouterr().err
    with ended_by_signals(printer):
        printer(Event("ada", "replaced", "INBOX", 1))
    assert capsys.readouterr().err == ""
