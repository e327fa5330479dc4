"""The HTTP API, for plug-ins and scripts. Programs show a bearer token.

Each function that answers says beside itself what it takes and gives (`door.endpoint`). Requests are read by that, and the
description (OpenAPI 3.1) and the manual's tables are made of it: there is no other list of endpoints, parameters or keys.
"""

from webui.areas.api import (
    accounts,
    batch,
    events,
    feedback,
    judging,
    meta,
    recorded,
    requests,
    rules,
    senders,
    stats,
    tokens,
)
from webui.areas.api.door import blueprint

__all__ = [
    "accounts",
    "batch",
    "blueprint",
    "events",
    "feedback",
    "judging",
    "meta",
    "recorded",
    "requests",
    "rules",
    "senders",
    "stats",
    "tokens",
]
