"""The accounts: whether each is watched, how, and since when."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from blocker.catalogue.values import Account
from blocker.output.columns import Column
from webui import tables
from webui.access import Scope, needs
from webui.areas import Entry
from webui.language import N_
from webui.site import catalogue, site
from webui.standing import heartbeats

blueprint = Blueprint("accounts", __name__)
MENU = Entry(N_("Accounts"), 5, "accounts.index")
COLUMNS = (
    Column("name", "text", "what a person calls it"),
    Column("address", "text", "its mail address"),
    Column("mode", "text", "what the service may do to its mail"),
    Column("level", "text", "how much is taken out"),
)


def _known() -> dict[str, Account]:
    """Every account by name; asked for after the heartbeats, so that one that is new has its row here."""
    return {account.name: account for account in catalogue().accounts()}


@blueprint.get("/accounts")
@needs(Scope.READ)
def index() -> str:
    """All accounts by name."""
    beats = heartbeats()
    return render_template(
        "accounts/list.html",
        beats=beats,
        known=_known(),
        pauses=catalogue().pauses(),
        addable=site().config is not None,
    )


tables.export(
    blueprint, "accounts", COLUMNS, lambda: (account.as_dict() for account in catalogue().accounts())
)


@blueprint.get("/accounts.json")
@needs(Scope.READ)
def index_twin() -> Response:
    """The same for programs."""
    beats = heartbeats()
    known = _known()
    return jsonify({"accounts": [known[beat.account].as_dict() | beat.as_dict() for beat in beats]})
