"""Every error has one shape: a page with a sentence, or `{"error": {"code", "message"}}` for programs."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, render_template
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from blocker.catalogue import CatalogueError
from webui.site import is_api, wants_json

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024 * 1024
"""Octets of a request: the largest message the API reads."""

CODES = {
    400: "bad_request",
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}
SENTENCES = {
    404: "There is nothing here: check the address, or start from the overview.",
    405: "This address does not take that method.",
    413: f"The message is larger than {MAX_BODY // 1024 // 1024} MB: send a smaller one.",
    500: "Something went wrong inside unpixel: the log says what; nothing was changed.",
}


class Problem(Exception):
    """An error with a status, a code for programs, and one sentence for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def register(app: Flask) -> None:
    """Answer every error of the application in the one shape."""
    app.register_error_handler(Problem, lambda e: _answer(e.status, e.code, e.message))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CatalogueError, _catalogue)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, RequestEntityTooLarge):
        status = 413
    if status < 400:
        return Response(error.get_response().get_data(), status, dict(error.get_headers()))
    message = SENTENCES.get(status) or error.description or error.name
    response = _answer(status, CODES.get(status, "error"), message)
    for name in ("Allow", "Retry-After"):
        if value := dict(error.get_headers()).get(name):
            response.headers[name] = value
    return response


def _catalogue(error: CatalogueError) -> Response:
    return _answer(503, "unavailable", str(error))


def _unforeseen(error: Exception) -> Response:
    log.error("A request failed", exc_info=error)
    return _answer(500, "internal", SENTENCES[500])


def _answer(status: int, code: str, message: str) -> Response:
    if wants_json():
        response = jsonify({"error": {"code": code, "message": message}})
    else:
        response = Response(
            render_template("error.html", status=status, message=message), mimetype="text/html"
        )
    response.status_code = status
    if status == 401 and is_api():
        response.headers["WWW-Authenticate"] = 'Bearer realm="unpixel"'
    return response
