"""The pages on which people log in and out."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.access import passwords, sessions
from webui.access.need import needs, public
from webui.access.scopes import Scope
from webui.errors import Problem
from webui.language import _, ngettext
from webui.site import site

blueprint = Blueprint("auth", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """Whether the pages are up; says nothing else."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.route("/login", methods=["GET", "POST"])
@public
def login() -> BaseResponse | str | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """The password form."""
    store = site().catalogue
    if request.method == "GET":
        return redirect(url_for("overview.index"), 303) if sessions.holder(store) else _form()
    client = request.remote_addr or ""
    if wait := site().limiter.wait(client):
        return _form(_too_often(wait)), 429, {"Retry-After": str(wait)}
    # Counted before it is checked, so that tries made at the same moment count too.
    site().limiter.failed(client)
    if not passwords.is_right(store, request.form.get("password", "")):
        return _form(_("That is not the password. Try again.")), 403
    site().limiter.succeeded(client)
    sessions.begin(store)
    return redirect(url_for("overview.index"), 303)


@blueprint.get("/login/<token>")
@public
def once(token: str) -> BaseResponse:
    """A one-time link: used up by opening it (a HEAD, as of a preview, does not)."""
    if request.method != "GET" or not sessions.follow(site().catalogue, token):
        raise Problem(403, "link_used", _("This link was used already or is too old: ask for a new one."))
    return redirect(url_for("overview.index"), 303)


@blueprint.post("/logout")
@needs(Scope.READ)
def logout() -> BaseResponse:
    """End this session, or with `everywhere` all of them: whoever kept a cookie has nothing of it."""
    sessions.end(site().catalogue, everywhere="everywhere" in request.form)
    return redirect(url_for("auth.login"), 303)


def _form(error: str = "") -> str:
    return render_template("auth/login.html", password_set=passwords.is_set(site().catalogue), error=error)


def _too_often(wait: int) -> str:
    minutes = -(-wait // 60)
    return ngettext(
        "Too many wrong passwords. Try again in %(num)s minute.",
        "Too many wrong passwords. Try again in %(num)s minutes.",
        minutes,
    )
