"""What was asked of the service, and what became of it."""

from __future__ import annotations

from flask import Response, jsonify, url_for

from blocker.catalogue.request import Command
from webui.access import Scope
from webui.areas.api.answers import REQUEST
from webui.areas.api.door import Answer, endpoint
from webui.errors import Problem
from webui.site import catalogue


@endpoint("GET", "/requests/<int:id>", Scope.READ, Answer("The request", REQUEST), problems=(404,))
def request(id: int) -> Response:
    """What became of a request.

    `state` is `waiting`, `running`, `done` or `failed`. It waits until a service runs that looks after the account.
    """
    return jsonify(_known(id).as_dict())


def asked(number: int) -> Response:
    """The answer to whoever asked for something: the request, which lies with the service now."""
    response = jsonify(_known(number).as_dict())
    response.status_code = 202
    response.headers["Location"] = url_for("api.request", id=number)
    return response


def _known(number: int) -> Command:
    found = catalogue().command(number) if number < 2**63 else None
    if found is None:
        raise Problem(404, "not_found", f"There is no request {number}.")
    return found
