"""Whose trackers they are, and where one vendor's were found."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response, abort, jsonify, render_template

from blocker.catalogue.values import VendorDetail, VendorLine
from blocker.detect.knowledge import default_rules
from blocker.detect.words import OWN_SYSTEMS
from blocker.output.columns import Column
from webui import tables
from webui.access import Scope, needs
from webui.areas import Entry
from webui.charts import chart
from webui.language import N_
from webui.site import catalogue
from webui.wanted import chosen, query, wanted

blueprint = Blueprint("vendors", __name__)
MENU = Entry(N_("Vendors"), 3, "vendors.index")
MOST = 700
"""More than there are in our rules."""
COLUMNS = (
    Column("name", "text", "the vendor"),
    Column("named", "boolean", "false of the mailing systems that senders run themselves"),
    Column("role", "text", "what it is in mail, where our rules say so"),
    Column("trackers", "integer", "its pixels and beacons"),
    Column("messages", "integer", "in how many messages"),
    Column("senders", "integer", "of how many senders"),
    Column("last", "instant", "when the last came"),
)
"""Of the table: the JSON's keys, but for `references`, which is a word of SQL."""


def _lines() -> tuple[VendorLine, ...]:
    return catalogue().vendors(MOST, wanted())


def _vendor(name: str) -> VendorDetail:
    found = catalogue().vendor(name[:200])
    if found is None:
        abort(404)
    return found


@cache
def _roles() -> dict[str, str]:
    return {vendor.name: vendor.role for vendor in default_rules().vendors}


@cache
def known_vendors() -> tuple[str, ...]:
    """What a person may look for: the vendors of our rules, and what stands for senders' own mailing systems."""
    named = sorted((v.name for v in default_rules().vendors if v.named), key=str.lower)
    return (OWN_SYSTEMS, *named)


def role_of(name: str) -> str:
    """What a vendor is in mail, as our rules say; empty where they do not know it."""
    return _roles().get(name, "")


def _with_role(line: VendorLine) -> dict[str, object]:
    return line.as_dict() | {"role": role_of(line.name)}


@blueprint.get("/vendors")
@needs(Scope.READ)
def index() -> str:
    """All vendors, the one in most messages first."""
    return render_template(
        "vendors/list.html",
        lines=_lines(),
        chosen=chosen(),
        accounts=catalogue().accounts(),
        query=query(),
    )


@blueprint.get("/vendors.json")
@needs(Scope.READ)
def index_twin() -> Response:
    """The same list for programs."""
    return jsonify({"vendors": [_with_role(line) for line in _lines()]})


tables.export(
    blueprint,
    "vendors",
    COLUMNS,
    lambda: (_with_role(line) | {"trackers": line.references} for line in _lines()),
)


@blueprint.get("/vendors/<name:name>")
@needs(Scope.READ)
def one(name: str) -> str:
    """One vendor."""
    found = _vendor(name)
    return render_template(
        "vendors/one.html",
        vendor=found,
        named=found.line.named,
        role=role_of(found.line.name),
        chart=chart(found.trend, found.step),
    )


@blueprint.get("/vendors/<name:name>.json")
@needs(Scope.READ)
def one_twin(name: str) -> Response:
    """The same for programs."""
    found = _vendor(name)
    return jsonify(found.as_dict() | {"role": role_of(found.line.name)})
