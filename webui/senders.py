"""Who sends, and what one of them does."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, render_template, request

from blocker.catalogue.reading import ORDERS, SenderOrder
from blocker.catalogue.values import SenderDetail, SenderLine
from webui.charts import chart
from webui.site import catalogue

blueprint = Blueprint("senders", __name__)
MOST = 500


def _order() -> SenderOrder:
    order = request.args.get("order", "tracked")
    return order if order in ORDERS else "tracked"


def _lines() -> tuple[SenderLine, ...]:
    return catalogue().senders(_order(), MOST)


def _sender(domain: str) -> SenderDetail:
    found = catalogue().sender(domain[:253])
    if found is None:
        abort(404)
    return found


@blueprint.get("/senders")
def index() -> str:
    """All senders, in the order asked for."""
    return render_template("senders/list.html", lines=_lines(), order=_order(), orders=ORDERS, most=MOST)


@blueprint.get("/senders.json")
def index_twin() -> Response:
    """The same list for programs."""
    return jsonify({"senders": [line.as_dict() for line in _lines()]})


@blueprint.get("/senders/<domain>")
def one(domain: str) -> str:
    """One organisational domain."""
    found = _sender(domain)
    return render_template("senders/one.html", sender=found, chart=chart(found.trend, found.step))


@blueprint.get("/senders/<domain>.json")
def one_twin(domain: str) -> Response:
    """The same for programs."""
    return jsonify(_sender(domain).as_dict())
