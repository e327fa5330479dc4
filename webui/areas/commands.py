"""What a person asks the service to do. A page only writes it down; the service reaches the mailbox."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.values import MessageDetail
from blocker.output.columns import Column
from webui import tables
from webui.access import Scope, needs
from webui.areas import Entry
from webui.language import N_, _
from webui.site import catalogue

blueprint = Blueprint("commands", __name__)
MENU = Entry(N_("Requests"), 6, "commands.index")
SHOWN = 50
EXPORTED = 10_000
"""Requests of a table of all: the newest."""
COLUMNS = (
    Column("id", "integer", "its number"),
    Column("kind", "text", "what was asked for"),
    Column("account", "text", "of which account"),
    Column("state", "text", "waiting, running, done or failed"),
    Column("requested", "instant", "when it was asked for"),
    Column("started", "instant", "when the service began with it", True),
    Column("finished", "instant", "when it ended", True),
    Column("outcome", "text", "what came of it", True),
    Column("error", "text", "why it failed", True),
)


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


tables.export(
    blueprint, "requests", COLUMNS, lambda: (command.as_dict() for command in catalogue().commands(EXPORTED))
)


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
    """Ask for the original of a message to be put back, or for those of a sender's mail."""
    if "sender" in request.form:
        return _of_sender("restore")
    found = asked_for()
    if found.action != "replaced":
        abort(400, _("Only a replaced message has an original to put back."))
    catalogue().request("restore", found.account, {"message": found.id})
    return redirect(url_for("messages.one", id_=found.id), 303)


@blueprint.post("/requests/neutralise")
@needs(Scope.ACT)
def neutralise() -> BaseResponse:
    """Ask for a message to be neutralised (again), or for a sender's past mail."""
    if "sender" in request.form:
        return _of_sender("neutralise")
    found = asked_for()
    if found.action in {"replaced", "copied"}:
        abort(400, _("This message is neutralised already."))
    catalogue().request("neutralise", found.account, {"message": found.id})
    return redirect(url_for("messages.one", id_=found.id), 303)


def asked_for() -> MessageDetail:
    """The message that a form names; 404 where there is none that its reader may see."""
    number = request.form.get("message", "")
    known = number.isascii() and number.isdigit() and len(number) < 19
    found = catalogue().message(int(number)) if known else None
    if found is None:
        abort(404)
    return found


def _of_sender(kind: str) -> BaseResponse:
    account, name = request.form.get("account", ""), request.form.get("sender", "")
    if account not in {known.name for known in catalogue().accounts()}:
        abort(400, _("There is no such account: choose one of the list."))
    found = catalogue().sender(name[:253])
    if found is None:
        abort(404)
    catalogue().request(kind, account, {"sender": found.line.domain})
    return redirect(url_for("commands.index"), 303)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        abort(400, _("That is no date: write it like 2026-01-31."))
