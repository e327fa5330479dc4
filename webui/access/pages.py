"""The pages on which people log in and out."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.people import LONGEST_NAME, People, Person
from webui.access import passwords, sessions
from webui.access.need import needs, public
from webui.access.scopes import Scope
from webui.access.who import me
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
    """The password form; it asks for a name too where several people may get in."""
    store = site().catalogue
    people = People(store).all()
    if request.method == "GET":
        return redirect(url_for("overview.index"), 303) if sessions.holder(store) else _form(people)
    name = request.form.get("name", "").strip().lower()[:LONGEST_NAME]
    person = people[0] if len(people) == 1 else next((one for one in people if one.name == name), None)
    tried = (request.remote_addr or "", person.name if person else name)
    if wait := site().throttle.enter(*tried):
        return _form(people, _too_often(wait)), 429, {"Retry-After": str(wait)}
    if not passwords.is_right(store, person, request.form.get("password", "")) or person is None:
        wrong = _("That is not the password. Try again.")
        return _form(people, wrong if len(people) == 1 else _("Name or password is wrong. Try again.")), 403
    site().throttle.succeeded(*tried)
    sessions.begin(store, person)
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
    """End this session, or with `everywhere` all that one has: whoever kept a cookie has nothing of it."""
    sessions.end(site().catalogue, everywhere=me() if "everywhere" in request.form else None)
    return redirect(url_for("auth.login"), 303)


def _form(people: tuple[Person, ...], error: str = "") -> str:
    return render_template(
        "auth/login.html",
        password_set=any(person.password for person in people),
        several=len(people) > 1,
        name=request.form.get("name", ""),
        error=error,
    )


def _too_often(wait: int) -> str:
    minutes = -(-wait // 60)
    return ngettext(
        "Too many wrong passwords. Try again in %(num)s minute.",
        "Too many wrong passwords. Try again in %(num)s minutes.",
        minutes,
    )
