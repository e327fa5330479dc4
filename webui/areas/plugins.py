"""Plug-ins of mail programs and browsers: a code that lets one in, and those that are in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from webui.access import Scope, may, me, needs, pairing, tokens
from webui.plugins import PLUGINS, package
from webui.site import site

blueprint = Blueprint("plugins", __name__)


@blueprint.get("/plugins")
@needs(Scope.READ)
def index() -> str:
    """The page."""
    return _page()


@blueprint.get("/plugins/<name>/file")
@needs(Scope.READ)
def file(name: str) -> Response:
    """A plug-in as the file that its program installs."""
    if name not in PLUGINS:
        abort(404)
    attachment = {"Content-Disposition": f"attachment; filename={PLUGINS[name]}"}
    return Response(package(name), mimetype="application/octet-stream", headers=attachment)


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
