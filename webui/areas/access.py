"""What lets oneself in: one's password, sessions and tokens."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.people import People
from webui.access import Scope, me, needs, passwords, sessions, tokens, who
from webui.access.scopes import GRANTED, scopes_of
from webui.areas import Entry
from webui.language import N_, _
from webui.site import site

blueprint = Blueprint("access", __name__)
MENU = Entry(N_("Access"), 9, "access.index")
DAYS = (30, 90, 365)
"""After which a token ends by itself, as the page offers them."""


@blueprint.get("/access")
@needs(Scope.READ)
def index() -> str:
    """The page."""
    return _page()


@blueprint.post("/access/password")
@needs(Scope.READ)
def password() -> BaseResponse | str | tuple[str, int]:
    """Set one's own password, in place of the one that has to be typed too; other sessions end."""
    store, person = site().catalogue, me()
    tried = (request.remote_addr or "", person.name)
    if person.password is not None:
        if site().throttle.enter(*tried):
            return _page(_("Too many wrong passwords. Try again later.")), 429
        if not passwords.is_right(store, person, request.form.get("now", "")):
            return _page(_("That is not your password now. Nothing was changed.")), 403
        site().throttle.succeeded(*tried)
    wanted = request.form.get("wanted", "")
    if not passwords.SHORTEST <= len(wanted) <= passwords.LONGEST:
        return _page(_("Use at least %(least)s characters.", least=passwords.SHORTEST)), 400
    passwords.set_password(store, wanted, person.name)
    sessions.begin(store, person)
    return redirect(url_for("access.index"), 303)


@blueprint.post("/access/sessions/<int:id_>/end")
@needs(Scope.READ)
def end(id_: int) -> BaseResponse:
    """End one of one's sessions."""
    if not sessions.end_one(site().catalogue, me(), id_):
        abort(404)
    return redirect(url_for("access.index"), 303)


@blueprint.post("/access/tokens")
@needs(Scope.READ)
def add_token() -> str | tuple[str, int]:
    """Make a token, and show it this once."""
    days = request.form.get("days", "")
    wanted = frozenset(scope for scope in GRANTED if scope.value in request.form.getlist("scope"))
    if not wanted <= scopes_of(me()):
        abort(403)
    name = request.form.get("name", "").strip()
    if not wanted or not tokens.is_name(name):
        return _page(_("Give the token a name and something that it may do.")), 400
    ends = int(days) if days in map(str, DAYS) else None
    return _page(token=tokens.new_token(site().catalogue, name, wanted, person=me(), days=ends))


@blueprint.post("/access/tokens/<int:id_>/revoke")
@needs(Scope.READ)
def revoke(id_: int) -> BaseResponse:
    """End one of one's tokens, or a plug-in's."""
    if not tokens.revoke(site().catalogue, me(), id_):
        abort(404)
    back = "plugins.index" if "plugin" in request.form else "access.index"
    return redirect(url_for(back), 303)


def _page(error: str = "", token: str = "") -> str:
    store, person = site().catalogue, People(site().catalogue).named(me().name)
    present = who().credential
    return render_template(
        "access/index.html",
        person=person,
        sessions=sessions.sessions_of(store, person),
        present=present.id if present else 0,
        tokens=[one for one in tokens.tokens_of(store, person) if one.kind == "token"],
        scopes=[scope for scope in GRANTED if scope in scopes_of(person)],
        days=DAYS,
        error=error,
        token=token,
    )
