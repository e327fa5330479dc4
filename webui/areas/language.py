"""The switch of languages, which stands at the foot of every page, that of the login too."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.access import public
from webui.language import COOKIE, LANGUAGES, _

blueprint = Blueprint("language", __name__)
DAYS = 365
"""For which the browser keeps the choice."""


@blueprint.post("/language")
@public
def choose() -> BaseResponse:
    """Keep a language in a cookie, and lead back to the page that was read."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        abort(400, _("There is no such language: choose one of the list."))
    answer = redirect(_own(request.form.get("back", "")), 303)
    answer.set_cookie(
        COOKIE, language, max_age=DAYS * 86_400, httponly=True, samesite="Lax", secure=request.is_secure
    )
    return answer


def _own(path: str) -> str:
    """The path where it is one of these pages; a path that leads elsewhere gives that of the overview."""
    ours = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if ours else url_for("overview.index")
