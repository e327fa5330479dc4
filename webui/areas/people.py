"""Who gets in, for an owner of all accounts."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue.people import People, Person, Role, is_name
from blocker.catalogue.values import Accounts
from webui.access import Scope, needs, sessions
from webui.language import _
from webui.site import catalogue, site

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
@needs(Scope.OWN)
def index() -> str:
    """Everybody."""
    return _page()


@blueprint.post("/people")
@needs(Scope.OWN)
def add() -> str | tuple[str, int]:
    """Let somebody in; a link that is shown lets them set a password."""
    name = request.form.get("name", "").strip().lower()
    people = People(site().catalogue)
    if not is_name(name):
        return _page(
            _("A name has small letters, digits and . _ - @ +, and begins with a letter or digit.")
        ), 400
    if people.find(name):
        return _page(_("Somebody has this name: choose another one.")), 400
    person = people.add(name, _role(), _accounts())
    return _page(link=_link(person), whose=name)


@blueprint.post("/people/<int:id_>")
@needs(Scope.OWN)
def change(id_: int) -> BaseResponse | tuple[str, int]:
    """Give somebody another role and other accounts."""
    person = _person(id_)
    if _is_last(person) and not (_role() is Role.OWNER and _accounts() is None):
        return _page(_("Somebody must own all accounts: make another owner of all first.")), 400
    People(site().catalogue).change(person.id, _role(), _accounts())
    return redirect(url_for("people.index"), 303)


@blueprint.post("/people/<int:id_>/remove")
@needs(Scope.OWN)
def remove(id_: int) -> BaseResponse | tuple[str, int]:
    """Let somebody in no more."""
    person = _person(id_)
    if _is_last(person):
        return _page(_("Somebody must own all accounts: make another owner of all first.")), 400
    People(site().catalogue).remove(person.id)
    return redirect(url_for("people.index"), 303)


@blueprint.post("/people/<int:id_>/link")
@needs(Scope.OWN)
def link(id_: int) -> str:
    """Show a link that lets somebody in once."""
    person = _person(id_)
    return _page(link=_link(person), whose=person.name)


def _page(error: str = "", link: str = "", whose: str = "") -> str:
    return render_template(
        "people/list.html",
        people=People(site().catalogue).all(),
        roles=list(Role),
        accounts=[account.name for account in catalogue().accounts()],
        minutes=sessions.LINK_MINUTES,
        error=error,
        link=link,
        whose=whose,
    )


def _link(person: Person) -> str:
    return sessions.one_time_link(site().catalogue, request.host_url, person)


def _person(id_: int) -> Person:
    found = next((person for person in People(site().catalogue).all() if person.id == id_), None)
    if found is None:
        abort(404)
    return found


def _is_last(person: Person) -> bool:
    owners = [one for one in People(site().catalogue).all() if one.owns_all]
    return owners == [person]


def _role() -> Role:
    return Role.OWNER if request.form.get("role") == Role.OWNER.value else Role.VIEWER


def _accounts() -> Accounts:
    """All, where that is ticked; else those of the list that are, of which there may be none."""
    if "all" in request.form:
        return None
    return frozenset(request.form.getlist("account")) & {account.name for account in catalogue().accounts()}
