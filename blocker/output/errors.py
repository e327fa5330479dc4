"""What parsers and libraries log, in a process that only works for another one: errors alone, each on a line of stderr.

The service's own log has more to say, and takes longer to import than all that reads and judges a message.
"""

from __future__ import annotations

import logging

from blocker.output.safe import line


def only_errors() -> None:
    """From now on other loggers' errors are written, and nothing else."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.ERROR, force=True)


class _Line(logging.Formatter):
    """No text makes a line of its own: what a mail says cannot pass for another entry."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        return line(super().format(record))
