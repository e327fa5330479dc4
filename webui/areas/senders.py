"""Who sends, and what one of them does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blocker.catalogue import Catalogue
from blocker.catalogue.figures import ORDERS
from blocker.catalogue.senders import SenderFilter, SenderPage
from blocker.catalogue.settings import NoDomain, SenderLevel
from blocker.catalogue.values import PROOFS, Account, SenderDetail, SenderLine
from blocker.choices.levels import SETTINGS
from blocker.detect.report import KINDS
from blocker.output.columns import Column
from webui import tables
from webui.access import Scope, needs
from webui.areas import Entry
from webui.areas.vendors import known_vendors, role_of
from webui.charts import chart
from webui.language import N_, _
from webui.site import catalogue, site
from webui.wanted import chosen, number, query, wanted

blueprint = Blueprint("senders", __name__)
MENU = Entry(N_("Senders"), 2, "senders.index")
SIZE = 50
SHOWN = 3
"""Accounts of which it is said that nothing can be proven: each costs a question."""
COLUMNS = (
    Column("domain", "text", "the sender"),
    Column("messages", "integer", "its mail"),
    Column("tracked", "integer", "how much of it is tracked"),
    Column("share", "number", "the same as a part of one"),
    Column("proven", "integer", "mail that is the sender's for certain"),
    Column("claimed", "integer", "mail that only says so"),
    Column("last", "instant", "when its last mail came"),
)


def _asked() -> SenderFilter:
    order, way, level = (request.args.get(name, "") for name in ("order", "way", "level"))
    return SenderFilter(
        messages=wanted(),
        level=level if level in SETTINGS else "",
        order=order if order in ORDERS else "tracked",
        rising={"up": True, "down": False}.get(way),
    )


def _page() -> SenderPage:
    return catalogue().senders_page(_asked(), number("page"), SIZE)


def _all(store: Catalogue, asked: SenderFilter) -> Iterator[SenderLine]:
    """Every sender that passes the filter; read while the answer is sent, when the request is over."""
    return tables.every(lambda page: store.senders_page(asked, page, tables.READ))


def _sender(domain: str) -> SenderDetail:
    found = catalogue().sender(domain[:253])
    if found is None:
        abort(404)
    return found


@blueprint.get("/senders")
@needs(Scope.READ)
def index() -> str:
    """The senders that pass the filter, in the order asked for."""
    asked = _asked()
    return render_template(
        "senders/list.html",
        page=_page(),
        wanted=asked.messages,
        level_set=asked.level,
        order=asked.order,
        rising=asked.order == "name" if asked.rising is None else asked.rising,
        kinds=KINDS,
        levels=SETTINGS,
        proofs=PROOFS,
        vendors=known_vendors(),
        chosen=chosen(),
        accounts=catalogue().accounts(),
        query=query(),
    )


@blueprint.get("/senders.json")
@needs(Scope.READ)
def index_twin() -> Response:
    """The same page of the list for programs."""
    return jsonify(_page().as_dict())


tables.export(blueprint, "senders", COLUMNS, lambda: (line.as_dict() for line in _all(catalogue(), _asked())))


@blueprint.get("/senders/<name:domain>")
@needs(Scope.READ)
def one(domain: str) -> str:
    """One organisational domain."""
    found = _sender(domain)
    accounts = catalogue().accounts()
    return render_template(
        "senders/one.html",
        sender=found,
        chart=chart(found.trend, found.step),
        settings=_settings(domain),
        levels=SETTINGS,
        accounts=accounts,
        unprovable=_unprovable(accounts),
        roles={line.name: role_of(line.name) for line in found.vendors},
    )


@blueprint.get("/senders/<name:domain>.json")
@needs(Scope.READ)
def one_twin(domain: str) -> Response:
    """The same for programs."""
    found = _sender(domain).as_dict()
    return jsonify(found | {"settings": [one.as_dict() for one in _settings(domain)]})


@blueprint.post("/senders/<name:domain>/level")
@needs(Scope.ACT)
def set_level(domain: str) -> BaseResponse:
    """Set what is done with this sender's mail, for an account or all; an empty level takes it back."""
    level, account = request.form.get("level", ""), request.form.get("account", "")
    if level and level not in SETTINGS:
        abort(400, _("There is no such level: choose one of the list."))
    if account and account not in {known.name for known in catalogue().accounts()}:
        abort(400, _("There is no such account: choose one of the list."))
    found = _sender(domain).line.domain
    catalogue().set_sender_level(found, level or None, account)
    return redirect(url_for("senders.one", domain=found), 303)


def _unprovable(accounts: Iterable[Account]) -> list[tuple[str, tuple[str, ...]]]:
    """Accounts for which less protection cannot take effect, each with the names that `doctor` saw its mail server bear."""
    names = [one.name for one in accounts if one.name in site().unprovable][:SHOWN]
    profiles = {name: catalogue().profile(name) for name in names}
    return [
        (name, tuple(found.findings.get("authserv_ids", ())) if found else ())
        for name, found in profiles.items()
    ]


def _settings(domain: str) -> tuple[SenderLevel, ...]:
    """What is set for a sender; a name that no setting can have (an address literal) has none."""
    try:
        return catalogue().sender_level(domain)
    except NoDomain:
        return ()
