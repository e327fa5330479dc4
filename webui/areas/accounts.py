"""The accounts: whether each is watched, how, and since when."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from webui.areas import Entry
from webui.site import catalogue
from webui.standing import heartbeats

blueprint = Blueprint("accounts", __name__)
MENU = Entry("Accounts", 5, "accounts.index")


def _rows() -> list[dict[str, Any]]:
    known = {account.name: account.as_dict() for account in catalogue().accounts()}
    return [known.get(beat.account, {}) | beat.as_dict() for beat in heartbeats()]


@blueprint.get("/accounts")
def index() -> str:
    """All accounts by name."""
    known = {account.name: account for account in catalogue().accounts()}
    return render_template("accounts/list.html", beats=heartbeats(), known=known)


@blueprint.get("/accounts.json")
def index_twin() -> Response:
    """The same for programs."""
    return jsonify({"accounts": _rows()})
