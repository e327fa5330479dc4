"""Which pages of other origins a browser lets use the API: those that a person named or paired, and never with a cookie.

Names of headers: the Fetch standard (fetch.spec.whatwg.org, 3.3).
"""

from __future__ import annotations

from contextlib import suppress

from flask import Response, request

from blocker.catalogue import CatalogueError
from blocker.catalogue.credentials import Credentials
from webui.access.pairing import is_extension
from webui.errors import Problem
from webui.site import is_api, site

METHODS = "GET, POST, PUT, DELETE"
SENT = "Authorization, Content-Type, If-None-Match, Last-Event-ID"
SHOWN = "ETag, Location, Retry-After, Unpixel-Changed, Unpixel-Level, Unpixel-Note, Unpixel-Refused"
KEPT = "600"
"""Seconds for which a browser keeps the answer to its question."""


def preflight() -> Response | None:
    """Before every request: answer a browser that asks for a page of another origin. Raises Problem for one not named."""
    asked = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or not is_api() or asked is None:
        return None
    if not _is_named(request.headers.get("Origin", "")):
        raise Problem(403, "forbidden", "No page of this origin may ask: name the origin in `web.origins`.")
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = METHODS
    response.headers["Access-Control-Allow-Headers"] = SENT
    response.headers["Access-Control-Max-Age"] = KEPT
    return response


def add(response: Response) -> Response:
    """Let the page that asked read one answer of the API."""
    origin = request.headers.get("Origin")
    if is_api() and (site().origins or origin):
        response.vary.add("Origin")
        if origin and _is_named(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = SHOWN
    return response


def _is_named(origin: str) -> bool:
    """Whether a person has named an origin, or let in a plug-in that has it."""
    if origin in site().origins:
        return True
    # A catalogue that fails tells so by the view's own answer.
    with suppress(CatalogueError):
        return is_extension(origin) and origin in Credentials(site().catalogue).origins()
    return False
