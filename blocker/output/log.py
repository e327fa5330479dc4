"""The service's log: structured events handed to the standard library's logging, under `blocker.service`.

What is logged names accounts, folders and UIDs; never a password, and nothing of a message's text.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict

from blocker.output.safe import escaped, line, lines

Form = Literal["json", "human"]
"""One JSON object a line, for programs; or words, for people."""
_EVENTS: list[structlog.typing.Processor] = [
    structlog.stdlib.filter_by_level,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def logger() -> structlog.stdlib.BoundLogger:
    """A logger; in which form its events are written, and from which level, `configure` says."""
    made: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger("blocker.service"),
        processors=_EVENTS,
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return made


def configure(form: Form, level: int, out: TextIO | None = None) -> None:
    """Write the log in this form, from this level on, to `out` (stderr); what others log only where it is an error."""
    handler = logging.StreamHandler(out or sys.stderr)
    handler.setFormatter(formatter(form))
    logging.basicConfig(handlers=[handler], level=logging.ERROR, force=True)
    logging.getLogger("blocker.service").setLevel(level)


def formatter(form: Form) -> logging.Formatter:
    """Writes events of ours, and records of other loggers, in the same form."""
    words = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    objects = structlog.processors.JSONRenderer(sort_keys=True)
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, objects, _ascii]
        if form == "json"
        else [_one_line, words, _printable]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def _one_line(_logger: object, _name: str, event: EventDict) -> EventDict:
    """No value makes a line of its own: what a server says cannot pass for another entry."""
    return {key: line(value) if isinstance(value, str) else value for key, value in event.items()}


def _printable(_logger: object, _name: str, text: Any) -> str:
    return lines(str(text))


def _ascii(_logger: object, _name: str, text: Any) -> str:
    return escaped(str(text))
