"""Every error has one shape: a page with a sentence, or for programs an object as RFC 9457 has it.

Its member `error` (`code`, `message`) is that of version 0.2 and leaves with the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, render_template
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from blocker.catalogue import CatalogueError, NotYours
from blocker.config import ConfigError
from blocker.detect.contract import Key, Keys
from blocker.output.safe import as_json
from webui.language import N_, _
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
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    431: "header_too_large",
    500: "internal",
    501: "not_implemented",
    503: "unavailable",
}
MEANINGS: Mapping[int, str] = {
    400: "Something is missing or wrong in the request",
    401: "No token, or one that is not known",
    403: "The token has not the scope that this needs",
    404: "There is no such thing",
    413: "The body is too large",
    409: "It cannot be done as things are",
    415: "The body is of a media type that is not read here",
    429: "Too many requests with this token; `Retry-After` says for how many seconds to wait",
    431: "The address and the header fields are too long together",
    500: "A fault inside unpixel",
    503: "It cannot be done now; `Retry-After` says for how many seconds to wait, where that is known",
}
"""What each status says that the API's description names."""
MEDIA_TYPE = "application/problem+json"
TYPE = "/api/docs#"
"""Before a code, the `type` of a problem: where it is explained."""
PROBLEM: Keys = (
    Key("type", "string", "a URI that names the kind of problem, and leads to what there is to say of it"),
    Key("title", "string", "the same in words"),
    Key("status", "integer", "the HTTP status"),
    Key("detail", "string", "what was wrong this time, and what to do, in a sentence"),
    Key(
        "error",
        "object",
        "the form of version 0.2; leaves with the next one",
        (Key("code", "string", "the end of `type`"), Key("message", "string", "as `detail`")),
    ),
)
"""The keys of a problem (RFC 9457, section 3.1)."""
SENTENCES = {
    404: N_("There is nothing here: check the address, or start from the overview."),
    405: N_("This address does not take that method."),
    413: N_("The message is larger than %(limit)s MB: send a smaller one."),
    500: N_("Something went wrong inside unpixel: the log says what; nothing was changed."),
}


class Problem(Exception):
    """An error with a status, a code for programs, and one sentence for people."""

    def __init__(self, status: int, code: str, message: str, wait: int = 0) -> None:
        """`wait` is after how many seconds it is worth to ask again; 0 where that would change nothing."""
        super().__init__(message)
        self.wait = wait
        self.status = status
        self.code = code
        self.message = message

    def as_dict(self) -> dict[str, Any]:
        """The object that `PROBLEM` describes."""
        return {
            "type": TYPE + self.code,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.message,
            "error": {"code": self.code, "message": self.message},
        }


def register(app: Flask) -> None:
    """Answer every error of the application in the one shape."""
    app.register_error_handler(Problem, _answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CatalogueError, _catalogue)
    app.register_error_handler(ConfigError, _configuration)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, RequestEntityTooLarge):
        status = 413
    if status < 400:
        return Response(error.get_response().get_data(), status, dict(error.get_headers()))
    message = _said(status) or error.description or error.name
    response = _answer(Problem(status, CODES.get(status, "error"), message))
    for name in ("Allow", "Retry-After"):
        if value := dict(error.get_headers()).get(name):
            response.headers[name] = value
    return response


def _catalogue(error: CatalogueError) -> Response:
    if isinstance(error, NotYours):
        return _answer(Problem(403, "forbidden", str(error)))
    return _answer(Problem(503, "unavailable", str(error), wait=5))


def _configuration(error: ConfigError) -> Response:
    return _answer(Problem(503, "unavailable", str(error)))


def _unforeseen(error: Exception) -> Response:
    log.error("A request failed", exc_info=error)
    return _answer(Problem(500, "internal", _said(500)))


def _said(status: int) -> str:
    sentence = SENTENCES.get(status)
    return _(sentence, limit=MAX_BODY // 1024 // 1024) if sentence else ""


def _answer(problem: Problem) -> Response:
    if wants_json():
        response = Response(as_json(problem.as_dict()), mimetype=MEDIA_TYPE)
    else:
        page = render_template("error.html", status=problem.status, message=problem.message)
        response = Response(page, mimetype="text/html")
    response.status_code = problem.status
    if problem.status == 401 and is_api():
        response.headers["WWW-Authenticate"] = 'Bearer realm="unpixel"'
    if problem.wait:
        response.headers["Retry-After"] = str(problem.wait)
    return response
