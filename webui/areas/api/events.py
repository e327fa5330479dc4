"""What happens, as it happens (Server-Sent Events, html.spec.whatwg.org, 9.2).

A stream holds a thread of the server's, of which there are few. So it lives for a short while, and a program that reads it
comes again with the number of the last event it has: an `EventSource` does so by itself. Where all places are taken the
answer ends at once with what there is, as an `EventSource` never comes again to a server that once said 503.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Annotated, Any

from flask import Response, request
from msgspec import Meta, Struct

from blocker.catalogue import Catalogue, changes
from blocker.catalogue.changes import Changes, Since
from blocker.output.safe import as_json
from webui.access import Scope
from webui.areas.api.door import Answer, endpoint
from webui.site import catalogue

PLACES = 4
"""Streams that wait at once."""
LIFE = 20
"""Seconds that one waits at most."""
LOOK = 1.0
"""Seconds between two looks."""
RETRY = 3000
"""Milliseconds after which a program comes again."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_places = BoundedSemaphore(PLACES)


class Patience(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long to wait."""

    wait: Annotated[int, Meta(ge=0, le=LIFE, description="Seconds for which the stream stays open.")] = LIFE


@endpoint(
    "GET",
    "/events",
    Scope.READ,
    Answer("Events", others={"text/event-stream": {"type": "string"}}),
    query=Patience,
    headers={
        "Last-Event-ID": {"type": "string", "description": "The `id` of the last event that you have."},
    },
)
def events(query: Patience) -> Response:
    """What happens from now on.

    Server-Sent Events: `message` (a message was recorded, as in a list of messages), `request` (as `GET /requests/{id}`
    gives it) and `account` (how it is with one). A stream ends after a few seconds: come again with the last `id` as
    `Last-Event-ID`, as an `EventSource` does by itself. An event tells when to look, and may be missing.
    """
    since = _since(request.headers.get("Last-Event-ID", ""))
    return Response(_stream(catalogue(), since, query.wait), mimetype="text/event-stream")


def _stream(store: Catalogue, since: Since | None, wait: int) -> Iterator[str]:
    since = since or _now(store)
    yield f"retry: {RETRY}\nid: {_id(since)}\n\n"
    placed = wait > 0 and _places.acquire(blocking=False)
    try:
        end = time.monotonic() + (wait if placed else 0)
        while True:
            found = _changes(store, since)
            since = found.upto
            yield "".join(_told(found)) or ": nothing yet\n\n"
            if time.monotonic() + LOOK > end:
                return
            time.sleep(LOOK)
    finally:
        if placed:
            _places.release()


def _now(store: Catalogue) -> Since:
    with store.reading() as connection:
        return changes.now(connection)


def _changes(store: Catalogue, since: Since) -> Changes:
    with store.reading() as connection:
        return changes.changes(connection, since, store.only)


def _told(found: Changes) -> Iterator[str]:
    """The events; each has the number behind all of them, as whoever comes again has had them all or none."""
    told: list[tuple[str, dict[str, Any]]] = [
        *(("message", line.as_dict()) for line in found.messages),
        *(("request", command.as_dict()) for command in found.requests),
        *(("account", {"name": beat.account} | beat.as_dict()) for beat in found.accounts),
    ]
    for kind, what in told:
        yield f"event: {kind}\nid: {_id(found.upto)}\ndata: {as_json(what)}\n\n"


def _id(since: Since) -> str:
    return f"{since.message}.{(since.moment - _EPOCH) // timedelta(microseconds=1)}"


def _since(text: str) -> Since | None:
    """What an id says; None where it is none of ours."""
    message, _, moment = text.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 17 for part in (message, moment)):
        return None
    return Since(int(message), _EPOCH + timedelta(microseconds=int(moment)))
