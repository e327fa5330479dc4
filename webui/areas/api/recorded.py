"""What the catalogue knows of messages, and what may be asked for them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from flask import Response, jsonify
from msgspec import Meta

from blocker.catalogue.listing import Wanted
from blocker.catalogue.values import MessageDetail, MessageFilter
from webui.access import Scope
from webui.areas.api.answers import LINES, MESSAGES, RECORDED, REQUEST
from webui.areas.api.door import Answer, endpoint
from webui.areas.api.judging import Detail
from webui.areas.api.paging import Paged, after_place, place_of
from webui.areas.api.requests import asked
from webui.errors import Problem
from webui.site import catalogue

MOST_REFERENCES = 2000
"""Of a page's messages together, which so may be fewer than were asked for."""


NEUTRAL = ("replaced", "copied")
"""What was done with a message that has a neutralised form already."""


class Which(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which messages are asked for; what is left out does not restrict."""

    message_id: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=1000)], ...],
        Meta(
            max_length=50,
            description="A Message-ID, with or without its angle brackets; may be given several times.",
        ),
    ] = ()
    sha256: Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$", description="Digest of the raw message.")] = ""
    account: Annotated[str, Meta(max_length=200, description="Of this account.")] = ""
    sender: Annotated[
        str, Meta(max_length=253, description="Of this sender, named as in the list of senders.")
    ] = ""
    vendor: Annotated[str, Meta(max_length=200, description="With a pixel or beacon of this vendor.")] = ""
    kind: Annotated[
        Literal["", "pixel", "beacon", "personal", "content", "spacer"],
        Meta(description="With a reference of this verdict."),
    ] = ""
    since: Annotated[date, Meta(description="Arrived on this day (UTC) or later.")] | None = None
    until: Annotated[date, Meta(description="Arrived on this day (UTC) or earlier.")] | None = None
    detail: Detail = "full"


@endpoint(
    "GET",
    "/messages",
    Scope.READ,
    Answer(
        "A page of messages, newest first",
        MESSAGES,
        short=LINES,
        links=(("message", "id", "/messages/0/id"), ("neutralise_message", "id", "/messages/0/id")),
    ),
    query=Which,
)
def messages(query: Which) -> Response:
    """What is known of messages.

    One object for each place where a mail lies, newest first. `detail=summary` gives a line each, without references.
    A page may have fewer than were asked for where they have many references.
    """
    wanted = MessageFilter(
        account=query.account,
        sender=query.sender.lower(),
        vendor=query.vendor,
        kind=query.kind,
        since=query.since,
        until=query.until,
    )
    most = 0 if query.detail == "summary" else MOST_REFERENCES
    asked_for = Wanted(wanted, query.message_id, query.sha256)
    found, behind = catalogue().messages_after(asked_for, place_of(query.cursor), query.limit, most)
    return jsonify({"messages": [one.as_dict() for one in found], "next": after_place(behind)})


@endpoint(
    "GET",
    "/messages/<int:id>",
    Scope.READ,
    Answer(
        "The message",
        RECORDED,
        links=(("restore", "id", "/id"), ("messages", "message_id", "/message/message_id")),
    ),
    problems=(404,),
)
def message(id: int) -> Response:
    """What is known of one message."""
    return jsonify(known(id).as_dict())


@endpoint(
    "POST",
    "/messages/<int:id>/restore",
    Scope.ACT,
    Answer("What was asked for", REQUEST, status=202, links=(("request", "id", "/id"),)),
    problems=(404, 409),
)
def restore(id: int) -> Response:
    """Put the original of a message back.

    The service does it; `GET /requests/{id}` tells how far it is.
    """
    found = known(id)
    if found.action != "replaced":
        raise Problem(409, "conflict", "Only a replaced message has an original to put back.")
    return asked(catalogue().request("restore", found.account, {"message": found.id}))


@endpoint(
    "POST",
    "/messages/<int:id>/neutralise",
    Scope.ACT,
    Answer("What was asked for", REQUEST, status=202, links=(("request", "id", "/id"),)),
    problems=(404, 409),
)
def neutralise_message(id: int) -> Response:
    """Neutralise a message where it lies.

    The service does it, in the account's mode; `GET /requests/{id}` tells how far it is.
    """
    found = known(id)
    if found.action in NEUTRAL:
        raise Problem(409, "conflict", "This message is neutralised already.")
    return asked(catalogue().request("neutralise", found.account, {"message": found.id}))


def known(id_: int) -> MessageDetail:
    """A message of this number that one may know of. Raises Problem."""
    found = catalogue().message(id_) if id_ < 2**63 else None
    if found is None:
        raise Problem(404, "not_found", f"There is no message {id_}.")
    return found
