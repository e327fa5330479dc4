"""What holds for all: how long the catalogue knows a message, and the password of the pages."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.config import ConfigError, set_service
from webui import guide as way
from webui.access import Scope, needs
from webui.areas import Entry
from webui.language import N_
from webui.site import catalogue

blueprint = Blueprint("settings", __name__)
MENU = Entry(N_("Settings"), 7, "settings.index")


@blueprint.get("/settings")
@needs(Scope.OWN)
def index() -> str:
    """The page."""
    return _page()


def _page(error: str = "") -> str:
    config = way.config_of_the_site()
    return render_template("settings/page.html", config=config, accounts=catalogue().accounts(), error=error)


@blueprint.post("/settings/retention")
@needs(Scope.OWN)
def retention() -> BaseResponse | tuple[str, int]:
    """Set after how many days a message is forgotten; never where the field is empty."""
    config = way.config_of_the_site()
    if config is None:
        abort(404)
    said = request.form.get("days", "").strip()
    try:
        days = float(said) if said else None
        set_service(config.path, retention_days=int(days) if days is not None and days.is_integer() else days)
    except (ConfigError, ValueError, OverflowError) as error:
        return _page(str(error)), 400
    return redirect(url_for("settings.index"), 303)
