"""One process that works for this one: started, asked, and ended where it does not answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, TypeVar

from blocker.detect.memory import Recollection
from blocker.judging.budget import readable
from blocker.judging.worker import Question, Recall, receive, send

PROGRAM = "from blocker.judging.worker import main; main()"
"""What a process runs; by name and not as a module, as it must not be imported twice."""
START_SECONDS = 120.0
"""How long a process may take to begin: it imports much, perhaps on a busy machine."""
SECONDS = 60.0
"""How long it may be silent over one piece of work: a thousand times what that should take."""
ENDED = "the reader ended or took too long"

_T = TypeVar("_T")
Work = Callable[[Recall], _T]
"""What is done in another process, given a way to ask the memory: it and what it returns travel pickled."""


class Ended(Exception):
    """The process ended over its work, or was silent for too long. Another one is needed."""


class Process:
    """One process. Used by one thread at a time, but for `end`."""

    def __init__(self, *, views: bool) -> None:
        """With `views` it is ready to make header views, which takes longer to begin."""
        self._views = views
        self._ended = False
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._ready = False
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def ask(self, work: Work[_T], recall: Recall) -> _T:
        """What comes of some work. Raises Ended, and what `recall` raises, which it asks while it works."""
        source, out = self._process.stdin, self._process.stdout
        assert source is not None
        assert out is not None
        try:
            if not self._ready:
                send(source, self._views)
                self._ready = readable(out.fileno(), START_SECONDS) and receive(out) is True
            send(source, work)
            while readable(out.fileno(), SECONDS):
                done, value = receive(out)
                if done:
                    found: _T = value
                    return found
                send(source, _remembered(value, recall, source))
        except (OSError, EOFError) as error:
            raise Ended(ENDED) from error
        raise Ended(ENDED)

    def restart(self) -> None:
        """A new process in place of this one, unless all was ended."""
        self._stop()
        if not self._ended:
            self._process = self._start()

    def end(self) -> None:
        """End for good; what it was doing is of no use to anybody."""
        self._ended = True
        self._stop()

    def _stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unsent octets for a process that has ended
                    continue


def _remembered(
    questions: Sequence[Question], recall: Recall, source: IO[bytes]
) -> Sequence[Mapping[str, Recollection]]:
    try:
        return recall(questions)
    except BaseException:
        send(source, None)  # it waits for an answer
        raise
