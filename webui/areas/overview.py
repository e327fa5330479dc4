"""The overview: how much of the mail is tracked, by whom, and what was done."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.values import Overview
from webui.areas import Entry
from webui.charts import chart
from webui.site import catalogue

blueprint = Blueprint("overview", __name__)
MENU = Entry("Overview", 1, "overview.index")

RANGES: dict[str, int | None] = {"7": 7, "30": 30, "90": 90, "365": 365, "all": None}
USUAL = "30"
LIVE_SECONDS = 5


def chosen() -> str:
    """The stretch of days asked for; the usual one where it is none of ours."""
    days = request.args.get("days", USUAL)
    return days if days in RANGES else USUAL


def _figures() -> Overview:
    return catalogue().overview(RANGES[chosen()])


@blueprint.get("/")
def home() -> BaseResponse:
    """The pages begin with the overview."""
    return redirect(url_for("overview.index"), 303)


@blueprint.get("/overview")
def index() -> Response:
    """The page. With `live` it asks the browser to load it again every few seconds."""
    figures = _figures()
    live = "live" in request.args
    page = render_template(
        "overview/index.html",
        figures=figures,
        chart=chart(figures.trend, figures.step),
        ranges=RANGES,
        chosen=chosen(),
        live=live,
        live_seconds=LIVE_SECONDS,
    )
    return Response(page, mimetype="text/html")


@blueprint.get("/overview.json")
def twin() -> Response:
    """The same figures for programs."""
    return jsonify(_figures().as_dict())
