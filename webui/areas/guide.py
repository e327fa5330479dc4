"""From nothing to a swept mailbox: a page that takes one step after the other."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui import guide as way
from webui.access import Scope, needs, passwords, sessions
from webui.access.who import me
from webui.site import catalogue, site

blueprint = Blueprint("guide", __name__)
DAYS = (7, 30, 90, 365)
LOOKS_AGAIN = 3
"""Seconds after which the page looks again while something is under way."""


@blueprint.get("/setup")
@needs(Scope.OWN)
def index() -> str:
    """The guide."""
    return page()


def page(error: str = "") -> str:
    """The guide, with a sentence where a step failed."""
    found = way.guide(request.values.get("account", ""))
    return render_template(
        "guide/page.html",
        guide=found,
        steps=way.STEPS,
        days=DAYS,
        modes=way.modes(found.profile),
        left=way.left,
        error=error,
        owner=me().name,
        seconds=LOOKS_AGAIN,
    )


def wanted() -> bool:
    """Whether the overview gives way to the guide: where these pages may change a configuration, and nothing was seen yet."""
    return site().config is not None and not catalogue().overview(None).total


@blueprint.post("/setup/password")
@needs(Scope.OWN)
def set_password() -> BaseResponse | tuple[str, int]:
    """Set the first password of the pages; whoever sets it stays logged in.

    One that is there is changed on the page Access, which asks for it: a browser left open shall not do.
    """
    if me().password:
        return redirect(url_for("access.index"), 303)
    given = request.form.get("password", "")
    if given != request.form.get("again", ""):
        return page("The two passwords differ: type the same twice."), 400
    try:
        person = passwords.set_password(site().catalogue, given, me().name)
    except ValueError as error:
        return page(str(error)), 400
    sessions.begin(site().catalogue, person)
    return redirect(url_for("guide.index"), 303)
