"""The overview: how much of the mail is tracked, by whom, and what was done."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.values import Overview
from webui.access import Scope, needs
from webui.areas import Entry
from webui.charts import chart
from webui.language import N_
from webui.site import catalogue
from webui.wanted import RANGES, days, query, wanted

blueprint = Blueprint("overview", __name__)
MENU = Entry(N_("Overview"), 1, "overview.index")

USUAL = "30"
LIVE_SECONDS = 5


def _figures() -> Overview:
    return catalogue().overview(RANGES[days(USUAL)], account=wanted().account)


@blueprint.get("/")
@needs(Scope.READ)
def home() -> BaseResponse:
    """The pages begin with the overview."""
    return redirect(url_for("overview.index"), 303)


@blueprint.get("/overview")
@needs(Scope.READ)
def index() -> Response:
    """The page. With `live` it asks the browser to load it again every few seconds."""
    figures = _figures()
    live = "live" in request.args
    page = render_template(
        "overview/index.html",
        figures=figures,
        chart=chart(figures.trend, figures.step, wanted(USUAL).since),
        chosen=days(USUAL),
        query=query(),
        live=live,
        live_seconds=LIVE_SECONDS,
    )
    return Response(page, mimetype="text/html")


@blueprint.get("/overview.json")
@needs(Scope.READ)
def twin() -> Response:
    """The same figures for programs."""
    return jsonify(_figures().as_dict())
