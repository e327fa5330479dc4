"""Single messages: the list, and one with every reference, its verdict and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response, abort, jsonify, render_template, request

from blocker.catalogue import MessageFilter
from blocker.catalogue.values import ACTIONS, MessageDetail, Page
from blocker.detect.report import Judged, Verdict
from blocker.detect.words import Told, told
from webui.areas import Entry
from webui.site import catalogue

blueprint = Blueprint("messages", __name__)
MENU = Entry("Messages", 3, "messages.index")


@dataclass(frozen=True, slots=True)
class Card:
    """One URL with one verdict, in every place where the message has it."""

    judged: Judged
    """The first of them."""
    told: Told
    places: tuple[tuple[str, str, int], ...]
    """How it is written, in which part, and how often there."""

    @property
    def count(self) -> int:
        """How many places."""
        return sum(times for _, _, times in self.places)


def gathered(references: Iterable[Judged]) -> list[Card]:
    """References that are the same to a reader as one card each, in the order of the first."""
    same: dict[tuple[str, Verdict], list[Judged]] = {}
    for judged in references:
        same.setdefault((judged.url or judged.raw, judged.verdict), []).append(judged)
    cards = []
    for alike in same.values():
        places = Counter((judged.vector, judged.part or "1") for judged in alike)
        cards.append(
            Card(alike[0], told(alike[0]), tuple((*where, times) for where, times in places.items()))
        )
    return cards


def _wanted() -> MessageFilter:
    given = request.args
    action = given.get("action", "")
    return MessageFilter(
        account=given.get("account", "")[:200],
        sender=given.get("sender", "")[:253].lower(),
        vendor=given.get("vendor", "")[:200],
        action=action if action in ACTIONS else "",
        tracked={"yes": True, "no": False}.get(given.get("tracked", "")),
        text=given.get("text", "")[:200],
    )


def _page(wanted: MessageFilter) -> Page:
    number = request.args.get("page", "1")
    return catalogue().messages(
        wanted, int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 1
    )


def _message(number: int) -> MessageDetail:
    found = catalogue().message(number) if number < 2**63 else None
    if found is None:
        abort(404)
    return found


@blueprint.get("/messages")
def index() -> str:
    """The messages that pass the filter, newest first."""
    wanted = _wanted()
    return render_template(
        "messages/list.html",
        page=_page(wanted),
        wanted=wanted,
        actions=ACTIONS,
        accounts=catalogue().accounts(),
        query={name: value for name, value in request.args.items() if name != "page" and value},
    )


@blueprint.get("/messages.json")
def index_twin() -> Response:
    """The same list for programs."""
    return jsonify(_page(_wanted()).as_dict())


@blueprint.get("/messages/<int:number>")
def one(number: int) -> str:
    """One message."""
    found = _message(number)
    cards = gathered(found.report.references)
    return render_template(
        "messages/one.html",
        message=found,
        blocked=[card for card in cards if card.judged.verdict.blocks],
        personal=[card for card in cards if card.judged.verdict.kind == "personal"],
        others=[card for card in cards if card.judged.verdict.kind in {"content", "spacer"}],
        waiting=[c for c in catalogue().pending(found.account) if c.arguments.get("message") == found.id],
    )


@blueprint.get("/messages/<int:number>.json")
def one_twin(number: int) -> Response:
    """The same for programs."""
    return jsonify(_message(number).as_dict())
