"""What a person asks the service to do. A page only writes it down; the service reaches the mailbox."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.access import Scope, needs
from webui.areas import Entry
from webui.language import N_, _
from webui.site import catalogue

blueprint = Blueprint("commands", __name__)
MENU = Entry(N_("Requests"), 6, "commands.index")
SHOWN = 50


@blueprint.get("/requests")
@needs(Scope.READ)
def index() -> str:
    """What was asked for and what became of it, newest first."""
    return render_template(
        "commands/list.html", commands=catalogue().commands(SHOWN), accounts=catalogue().accounts(), error=""
    )


@blueprint.get("/requests.json")
@needs(Scope.READ)
def index_twin() -> Response:
    """The same list for programs."""
    return jsonify({"requests": [command.as_dict() for command in catalogue().commands(SHOWN)]})


@blueprint.post("/requests/sweep")
@needs(Scope.ACT)
def sweep() -> BaseResponse:
    """Ask for an account's past mail to be looked through, from a day on or whole."""
    account = request.form.get("account", "")
    if account not in {known.name for known in catalogue().accounts()}:
        abort(400, _("There is no such account: choose one of the list."))
    since = request.form.get("since", "").strip()
    arguments: dict[str, Any] = {"since": _day(since) if since else None}
    catalogue().request("sweep", account, arguments)
    return redirect(url_for("commands.index"), 303)


@blueprint.post("/requests/restore")
@needs(Scope.ACT)
def restore() -> BaseResponse:
    """Ask for the original of a message to be put back."""
    number = request.form.get("message", "")
    found = (
        catalogue().message(int(number))
        if number.isascii() and number.isdigit() and len(number) < 19
        else None
    )
    if found is None:
        abort(404)
    if found.action != "replaced":
        abort(400, _("Only a replaced message has an original to put back."))
    arguments = {
        "message": found.id,
        "message_id": found.report.message.message_id,
        "sha256": found.report.message.sha256,
        "mailbox": found.mailbox,
        "uidvalidity": found.uidvalidity,
        "uid": found.uid,
    }
    catalogue().request("restore", found.account, arguments)
    return redirect(url_for("messages.one", id_=found.id), 303)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        abort(400, _("That is no date: write it like 2026-01-31."))
