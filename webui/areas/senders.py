"""Who sends, and what one of them does."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.reading import ORDERS, SenderOrder
from blocker.catalogue.settings import NoDomain, SenderLevel
from blocker.catalogue.values import SenderDetail, SenderLine
from blocker.choices.levels import SETTINGS
from webui import tables
from webui.access import Scope, needs
from webui.areas import Entry
from webui.charts import chart
from webui.language import N_, _
from webui.site import catalogue
from webui.wanted import chosen, query, wanted

blueprint = Blueprint("senders", __name__)
MENU = Entry(N_("Senders"), 2, "senders.index")
MOST = 500
COLUMNS = ("domain", "messages", "tracked", "share", "last")


def _order() -> SenderOrder:
    order = request.args.get("order", "tracked")
    return order if order in ORDERS else "tracked"


def _lines() -> tuple[SenderLine, ...]:
    return catalogue().senders(_order(), MOST, wanted())


def _sender(domain: str) -> SenderDetail:
    found = catalogue().sender(domain[:253])
    if found is None:
        abort(404)
    return found


@blueprint.get("/senders")
@needs(Scope.READ)
def index() -> str:
    """All senders, in the order asked for."""
    return render_template(
        "senders/list.html",
        lines=_lines(),
        order=_order(),
        orders=ORDERS,
        most=MOST,
        chosen=chosen(),
        accounts=catalogue().accounts(),
        query=query(),
    )


@blueprint.get("/senders.json")
@needs(Scope.READ)
def index_twin() -> Response:
    """The same list for programs."""
    return jsonify({"senders": [line.as_dict() for line in _lines()]})


@blueprint.get("/senders.csv")
@needs(Scope.READ)
def index_table() -> Response:
    """The same list as a table."""
    return tables.csv("senders", (line.as_dict() for line in _lines()), COLUMNS)


@blueprint.get("/senders/<name:domain>")
@needs(Scope.READ)
def one(domain: str) -> str:
    """One organisational domain."""
    found = _sender(domain)
    return render_template(
        "senders/one.html",
        sender=found,
        chart=chart(found.trend, found.step),
        settings=_settings(domain),
        levels=SETTINGS,
        accounts=catalogue().accounts(),
    )


@blueprint.get("/senders/<name:domain>.json")
@needs(Scope.READ)
def one_twin(domain: str) -> Response:
    """The same for programs."""
    found = _sender(domain).as_dict()
    return jsonify(found | {"settings": [one.as_dict() for one in _settings(domain)]})


@blueprint.post("/senders/<name:domain>/level")
@needs(Scope.ACT)
def set_level(domain: str) -> BaseResponse:
    """Set what is done with this sender's mail, for an account or all; an empty level takes it back."""
    level, account = request.form.get("level", ""), request.form.get("account", "")
    if level and level not in SETTINGS:
        abort(400, _("There is no such level: choose one of the list."))
    if account and account not in {known.name for known in catalogue().accounts()}:
        abort(400, _("There is no such account: choose one of the list."))
    found = _sender(domain).line.domain
    catalogue().set_sender_level(found, level or None, account)
    return redirect(url_for("senders.one", domain=found), 303)


def _settings(domain: str) -> tuple[SenderLevel, ...]:
    """What is set for a sender; a name that no setting can have (an address literal) has none."""
    try:
        return catalogue().sender_level(domain)
    except NoDomain:
        return ()
