"""A message before and after, side by side, each in a frame that can do nothing.

The catalogue holds no text of messages: the page asks the service, which seals both forms for this process alone.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue import previews
from blocker.catalogue.request import Command
from blocker.sealed import NotOpened
from webui.access import Scope, needs
from webui.areas.messages import message_of
from webui.site import catalogue, site

blueprint = Blueprint("preview", __name__)
SIDES = ("original", "now")


@blueprint.post("/messages/<int:id_>/preview")
@needs(Scope.ACT)
def ask(id_: int) -> BaseResponse:
    """Ask the service for both forms of a message."""
    found = message_of(id_)
    arguments = {"message": found.id, "address": site().opener.address}
    number = catalogue().request("preview", found.account, arguments)
    return redirect(url_for("preview.one", id_=id_, number=number), 303)


@blueprint.get("/messages/<int:id_>/preview/<int:number>")
@needs(Scope.ACT)
def one(id_: int, number: int) -> str:
    """Both forms, or how far the request for them is."""
    command, content = _found(id_, number)
    return render_template(
        "preview/one.html", message=message_of(id_), command=command, content=content, sides=SIDES
    )


@blueprint.get("/messages/<int:id_>/preview/<int:number>/<any(original, now):side>")
@needs(Scope.ACT)
def frame(id_: int, number: int, side: str) -> Response:
    """One form alone, for a frame."""
    _, content = _found(id_, number)
    form = content.get(side) if content else None
    if not form:
        abort(404)
    g.framed = True
    return Response(form["html"], mimetype="text/html")


def _found(id_: int, number: int) -> tuple[Command, dict[str, Any]]:
    """The request, and what came of it; empty while that is to come, or where its time is over."""
    store = catalogue()
    with store.reading() as connection:
        found = previews.find(connection, number, store.only) if number < 2**63 else None
    if found is None or found[0].arguments.get("message") != id_:
        abort(404)
    command, sealed = found
    if sealed is None:
        return command, {}
    try:
        content: dict[str, Any] = json.loads(site().opener.open(sealed))
    except NotOpened:
        return command, {}
    return command, content
