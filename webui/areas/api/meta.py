"""What the API says of itself."""

from __future__ import annotations

from flask import Response, current_app, jsonify

from webui.access import Means, Scope
from webui.areas.api.answers import ABOUT
from webui.areas.api.door import Answer, endpoint
from webui.areas.api.openapi import describe, endpoints
from webui.site import version

VERSION = 1


@endpoint("GET", "/", Scope.READ, Answer("Version and operations", ABOUT))
def about() -> Response:
    """Version, and what this server can do."""
    names = [rule.endpoint.rpartition(".")[2] for _, _, rule, _ in endpoints(current_app)]
    return jsonify({"name": "unpixel", "version": version(), "api": VERSION, "operations": names})


@endpoint(
    "GET",
    "/openapi.json",
    Scope.READ,
    Answer("OpenAPI 3.1", others={"application/json": {"type": "object"}}),
    means=Means.EITHER,
)
def openapi() -> Response:
    """This description (OpenAPI 3.1)."""
    return jsonify(describe(current_app))
