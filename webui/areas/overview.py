"""The overview: how much of the mail is tracked, by whom, what was done, and whether the service is alive."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.values import Overview
from webui.access import Scope, accounts, may, needs
from webui.areas import Entry, guide
from webui.charts import chart
from webui.language import N_, current
from webui.site import catalogue, site
from webui.wanted import RANGES, chosen, days, query, wanted

blueprint = Blueprint("overview", __name__)
MENU = Entry(N_("Overview"), 1, "overview.index")

USUAL = "30"
KEPT = ("days", "account", "since", "until")
"""What the address of the page can hold."""


def _figures() -> Overview:
    asked = wanted(USUAL)
    own = None if chosen(USUAL) else (asked.since, asked.until)
    return catalogue().overview(RANGES[days(USUAL)], account=asked.account, own=own)


def _shown() -> dict[str, Any]:
    """What the page and its parts are made of."""
    figures = _figures()
    return {
        "figures": figures,
        "chart": chart(figures.trend, figures.step, wanted(USUAL).since),
        "chosen": chosen(USUAL),
        "asked": wanted(USUAL),
        "query": {name: value for name, value in query().items() if name in KEPT},
    }


@blueprint.get("/")
@needs(Scope.READ)
def home() -> BaseResponse:
    """The pages begin with the overview."""
    return redirect(url_for("overview.index"), 303)


@blueprint.get("/overview")
@needs(Scope.READ)
def index() -> str:
    """The page. Where scripts run it keeps itself up to date by its parts."""
    if may(Scope.OWN) and guide.wanted():
        return guide.page()
    return render_template("overview/index.html", **_shown())


@blueprint.get("/overview/parts")
@needs(Scope.READ)
def parts() -> BaseResponse:
    """The parts of the page that change while it is open; nothing (304) where they are as the browser has them."""
    asked = wanted(USUAL)
    key = (current(), accounts(), chosen(USUAL), asked.account, asked.since, asked.until)
    found = site().fragments.get(key, lambda: render_template("overview/live.html", **_shown()))
    answer = Response(found.body, mimetype="text/html")
    answer.set_etag(found.tag)
    return answer.make_conditional(request)


@blueprint.get("/overview.json")
@needs(Scope.READ)
def twin() -> Response:
    """The same figures for programs."""
    return jsonify(_figures().as_dict())
