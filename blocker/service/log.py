"""The service's log: structured events handed to the standard library's logging, under `blocker.service`.

What is logged names accounts, folders and UIDs; never a password, and nothing of a message's text.
"""

from __future__ import annotations

import logging

import structlog

_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.stdlib.filter_by_level,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(sort_keys=True),
]


def logger() -> structlog.stdlib.BoundLogger:
    """A logger whose events are lines of JSON."""
    made: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger("blocker.service"),
        processors=_PROCESSORS,
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return made
