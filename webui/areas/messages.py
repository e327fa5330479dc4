"""Single messages: the list, and one with every reference, its verdict and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask import Blueprint, Response, abort, jsonify, render_template

from blocker.catalogue import Catalogue, MessageFilter, overrides
from blocker.catalogue.overrides import Override
from blocker.catalogue.request import Command
from blocker.catalogue.templates import masked
from blocker.catalogue.values import ACTIONS, PROOFS, MessageDetail, MessageLine, Page
from blocker.detect.report import KINDS, Judged, Verdict
from blocker.detect.words import Told, told
from blocker.output.columns import Column
from webui import tables
from webui.access import Scope, needs
from webui.areas import Entry
from webui.areas.vendors import known_vendors
from webui.language import N_, current
from webui.site import catalogue
from webui.wanted import chosen, number, query, wanted

blueprint = Blueprint("messages", __name__)
MENU = Entry(N_("Messages"), 4, "messages.index")
COLUMNS = (
    Column("id", "integer", "its number in the catalogue"),
    Column("account", "text", "the account it came to"),
    Column("mailbox", "text", "the folder"),
    Column("internal_date", "instant", "when it came"),
    Column("author", "text", "the From field, decoded"),
    Column("sender", "text", "organisational domain of the sender"),
    Column("proven", "boolean", "whether it is the sender's for certain; none where nobody looked", True),
    Column("subject", "text", "the Subject field, decoded"),
    Column("tracked", "boolean", "whether it holds a pixel or a beacon"),
    Column("blocked", "integer", "how many"),
    Column("receipts", "integer", "header fields that ask for a receipt"),
    Column("action", "text", "what was done with it"),
    Column("detail", "text", "why it was left alone"),
)
"""Of the table: the JSON's keys, but for `from`, which is a word of SQL."""


@dataclass(frozen=True, slots=True)
class Card:
    """One URL with one verdict, in every place where the message has it."""

    judged: Judged
    """The first of them."""
    told: Told
    position: int
    """Its place in the report."""
    places: tuple[tuple[str, str, int], ...]
    """How it is written, in which part, and how often there."""
    said: Override | None = None
    """What a person said of URLs of this form."""

    @property
    def count(self) -> int:
        """How many places."""
        return sum(times for _, _, times in self.places)


def gathered(references: Iterable[Judged], said: Mapping[str, Override] = MappingProxyType({})) -> list[Card]:
    """References that are the same to a reader as one card each, in the order of the first.

    `said` is what a person said, by template.
    """
    same: dict[tuple[str, Verdict], list[tuple[int, Judged]]] = {}
    for position, judged in enumerate(references):
        same.setdefault((judged.url or judged.raw, judged.verdict), []).append((position, judged))
    cards = []
    for alike in same.values():
        position, first = alike[0]
        counted = Counter((judged.vector, judged.part or "1") for _, judged in alike)
        places = tuple((*where, times) for where, times in counted.items())
        about = said.get(masked(first.url)) if said else None
        cards.append(Card(first, told(first, current()), position, places, about))
    return cards


def _said(found: MessageDetail) -> dict[str, Override]:
    store = catalogue()
    with store.reading() as connection:
        return overrides.of_sender(connection, found.account, found.organisation)


def _page(size: int = 50) -> Page:
    return catalogue().messages(wanted(), number("page"), size)


def _all(store: Catalogue, asked: MessageFilter) -> Iterator[MessageLine]:
    """Every message that passes the filter, newest first; read while the answer is sent, when the request is over."""
    return tables.every(lambda page: store.messages(asked, page, tables.READ))


def message_of(id_: int) -> MessageDetail:
    """The message of a number; 404 where there is none that its reader may see."""
    found = catalogue().message(id_) if id_ < 2**63 else None
    if found is None:
        abort(404)
    return found


@blueprint.get("/messages")
@needs(Scope.READ)
def index() -> str:
    """The messages that pass the filter, newest first."""
    return render_template(
        "messages/list.html",
        page=_page(),
        wanted=wanted(),
        actions=ACTIONS,
        kinds=KINDS,
        vendors=known_vendors(),
        proofs=PROOFS,
        accounts=catalogue().accounts(),
        chosen=chosen(),
        query=query(),
    )


@blueprint.get("/messages.json")
@needs(Scope.READ)
def index_twin() -> Response:
    """The same list for programs."""
    return jsonify(_page().as_dict())


tables.export(
    blueprint,
    "messages",
    COLUMNS,
    lambda: (line.as_dict() | {"author": line.sender} for line in _all(catalogue(), wanted())),
)


@blueprint.get("/messages/<int:id_>")
@needs(Scope.READ)
def one(id_: int) -> str:
    """One message."""
    found = message_of(id_)
    cards = gathered(found.report.references, _said(found))
    return render_template(
        "messages/one.html",
        message=found,
        blocked=[card for card in cards if card.judged.verdict.blocks],
        personal=[card for card in cards if card.judged.verdict.kind == "personal"],
        others=[card for card in cards if card.judged.verdict.kind in {"content", "spacer"}],
        waiting=[c for c in catalogue().pending(found.account) if _acts_on(c, found)],
    )


def _acts_on(command: Command, found: MessageDetail) -> bool:
    return command.kind in {"restore", "neutralise"} and command.arguments.get("message") == found.id


@blueprint.get("/messages/<int:id_>.json")
@needs(Scope.READ)
def one_twin(id_: int) -> Response:
    """The same for programs."""
    return jsonify(message_of(id_).as_dict())
