"""The API's description as a page, made of the same endpoints."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template

from webui.access import Means, Scope, needs
from webui.areas.api.openapi import describe
from webui.errors import CODES, MEANINGS

blueprint = Blueprint("reference", __name__)


@blueprint.get("/api/docs")
@needs(Scope.READ, Means.SESSION)
def index() -> str:
    """Every operation, every object, and what each kind of problem means."""
    problems = [(code, status, MEANINGS.get(status, "")) for status, code in CODES.items()]
    return render_template("reference/index.html", api=describe(current_app), problems=problems)
