"""Plug-ins of mail programs and browsers: a code that lets one in, and those that are in."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from webui.access import Scope, may, me, needs, pairing, tokens
from webui.site import site

blueprint = Blueprint("plugins", __name__)


@blueprint.get("/plugins")
@needs(Scope.READ)
def index() -> str:
    """The page."""
    return _page()


@blueprint.post("/plugins/code")
@needs(Scope.READ)
def code() -> str:
    """Show a code; whoever may act can let the plug-in act too."""
    act = "act" in request.form and may(Scope.ACT)
    return _page(pairing.new_code(site().catalogue, me(), act=act))


def _page(code: str = "") -> str:
    found = tokens.tokens_of(site().catalogue, me())
    return render_template(
        "plugins/index.html",
        plugins=[one for one in found if one.kind == "plugin"],
        code=code,
        minutes=pairing.MINUTES,
    )
