"""What a person says of verdicts: said on a message's page, listed here, taken back here."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue import overrides
from blocker.catalogue.overrides import Override
from webui.access import Scope, needs
from webui.areas.messages import message_of
from webui.language import _
from webui.site import catalogue, site
from webui.wanted import number

blueprint = Blueprint("feedback", __name__)
SAYS = {"tracker": True, "harmless": False}


def _listed() -> tuple[Override, ...]:
    store = catalogue()
    with store.reading() as connection:
        return overrides.listed(connection, store.only)


@blueprint.get("/feedback")
@needs(Scope.READ)
def index() -> str:
    """All that was said, newest first."""
    return render_template("feedback/list.html", lines=_listed(), unprovable=site().unprovable)


@blueprint.get("/feedback.json")
@needs(Scope.READ)
def index_twin() -> Response:
    """The same list for programs."""
    return jsonify({"feedback": [line.as_dict() for line in _listed()]})


@blueprint.post("/messages/<int:id_>/feedback")
@needs(Scope.ACT)
def say(id_: int) -> BaseResponse:
    """Say of one of a message's references that it is a tracker, or that it is none."""
    found = message_of(id_)
    position, says = request.form.get("reference", ""), request.form.get("says", "")
    if says not in SAYS or not (position.isascii() and position.isdigit() and len(position) < 6):
        abort(400, _("Say of a reference that it is a tracker, or that it is none."))
    if int(position) >= len(found.report.references):
        abort(404)
    store, judged = catalogue(), found.report.references[int(position)]
    with store.writing() as connection:
        made = overrides.add(connection, found.account, found.organisation, judged, tracks=SAYS[says])
    if made is None:
        abort(400, _("This reference has no URL, or its mail no sender, by which it could be told again."))
    return redirect(url_for("messages.one", id_=id_), 303)


@blueprint.post("/feedback/<int:number_>/revoke")
@needs(Scope.ACT)
def revoke(number_: int) -> BaseResponse:
    """Take back what was said."""
    store = catalogue()
    with store.writing() as connection:
        gone = number_ < 2**63 and overrides.revoke(connection, number_, store.only)
    if not gone:
        abort(404)
    back = number("message", 0)
    return redirect(url_for("messages.one", id_=back) if back else url_for("feedback.index"), 303)
