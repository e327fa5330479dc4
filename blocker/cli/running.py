"""Running the service in front of a person: a line a message, a progress bar, and an end within two seconds."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from blocker.cli.totals import Totals
from blocker.output.log import Form, configure
from blocker.output.safe import line
from blocker.output.terminal import say, say_json
from blocker.service import Event, Paused, Runner, Stopped

if TYPE_CHECKING:
    from blocker.service.looks.look import Progress

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells and other tools give it; SIGTERM, how a service is ended, gives 0."""
_TICK = 0.1


class Printer:
    """Prints one line an event. Called from several threads."""

    def __init__(self, as_json: bool, *, quiet: bool = False, dry_run: bool = False) -> None:
        from blocker.output.styles import console

        self._as_json = as_json
        self._quiet = quiet
        self._dry_run = dry_run
        self._console = console()
        self._lock = threading.Lock()
        self.told: Counter[str] = Counter()
        """How many messages something was done with, by action."""
        self.totals = Totals()
        """What was found in them."""

    def __call__(self, event: Event) -> None:
        """Print it; a reader of ours that has gone away ends the program as a signal would."""
        if event.uid:
            with self._lock:
                self.told[event.action] += 1
                self.totals.add(event.kinds, event.vendors, event.domain)
        if self._quiet and event.action not in ("trouble", "paused", "refused", "left"):
            return
        try:
            with self._lock:
                self._print(event)
        except BrokenPipeError:
            signal.raise_signal(signal.SIGTERM)

    def _print(self, event: Event) -> None:
        if self._as_json:
            say_json(as_dict(event))
            return
        from blocker.demo import lines

        text = lines.line(event, self._console.width)
        if text is None:
            return
        if self._dry_run and event.action in ("replaced", "copied", "flagged"):
            text.append(" (dry run)", "dim")
        if not event.uid:
            # A sentence about an account, whose next step stands at its end.
            self._console.print(text, soft_wrap=True)
            return
        self._console.print(text, no_wrap=True, overflow="ellipsis", crop=self._console.is_terminal)


def as_dict(event: Event) -> dict[str, Any]:
    """An event as JSON."""
    return {
        "account": event.account,
        "action": event.action,
        "mailbox": event.mailbox,
        "uid": event.uid,
        "subject": event.subject,
        "from": event.sender,
        "kinds": dict(event.kinds),
        "detail": event.detail,
    }


def configure_log(form: Form | None = None, *, verbose: bool = False) -> None:
    """The service's log on stderr: what happens where a form is asked for, each step too if verbose, else mistakes of ours."""
    level = logging.DEBUG if verbose else logging.INFO if form else logging.ERROR
    configure(form or ("json" if verbose else "human"), level)


def run_until_stopped(runner: Runner, work: Callable[[], object]) -> None:
    """Do `work` in a thread, so that a signal ends it between steps. Raises what it raises; exits after a signal."""
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
            failed.append(error)

    thread = threading.Thread(target=guarded, name="work", daemon=True)
    with signals() as received:
        thread.start()
        while thread.is_alive() and not received:
            thread.join(_TICK)
        if received:
            runner.stop()
            thread.join(1.5)
            _leave(received[0])
    if failed and (isinstance(failed[0], Paused) or not isinstance(failed[0], Stopped)):
        raise failed[0]


def wait_for_end(runner: Runner) -> None:
    """Wait for a signal, then end the service and the program."""
    with signals() as received:
        while not received:
            time.sleep(_TICK)
        runner.stop()
        _leave(received[0])


@contextmanager
def sweep_progress(name: str, *, hidden: bool) -> Iterator[Progress]:
    """A progress bar on stderr with an estimate."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from blocker.output.styles import console

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    out = console(err=True)
    with Progress(*columns, console=out, disable=hidden or not out.is_terminal) as bar:
        task = bar.add_task(line(f"Sweeping {name}"), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def signals() -> Iterator[list[int]]:
    """Collects SIGINT and SIGTERM in place of what they usually do."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ended_by_signals(printer: Printer) -> Iterator[None]:
    """Around a command whose work `run_until_stopped` does: a signal ends it the same way before that and after it.

    What was done until then is told, however it is ended early.
    """

    def leave(number: int, _frame: FrameType | None) -> None:
        _leave(number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except SystemExit:
        if printer.told:
            done = ", ".join(f"{count} {action}" for action, count in sorted(printer.told.items()))
            say(f"Until then: {done}.", err=True)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int) -> NoReturn:
    say("Ended; what was under way goes on next time.", err=True)
    sys.exit(INTERRUPTED if number == signal.SIGINT else 0)
