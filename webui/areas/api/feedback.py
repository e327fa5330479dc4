"""What a person says of a verdict."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Response, jsonify
from msgspec import Meta, Struct

from blocker.catalogue import overrides
from blocker.catalogue.overrides import Override
from webui.access import Scope
from webui.areas.api.answers import FEEDBACK, FEEDBACKS
from webui.areas.api.door import Answer, endpoint
from webui.areas.api.recorded import known
from webui.errors import Problem
from webui.site import catalogue


class Word(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said of which reference."""

    message: Annotated[int, Meta(ge=0, description="The number of a message in the catalogue.")]
    url: Annotated[str, Meta(max_length=8192, description="The `url` of one of its references.")]
    says: Annotated[
        Literal["tracker", "harmless"], Meta(description="What it is; `harmless` needs proof of the sender.")
    ]


@endpoint(
    "GET",
    "/feedback",
    Scope.READ,
    Answer("What was said", FEEDBACKS, links=(("drop_feedback", "id", "/feedback/0/id"),)),
)
def feedback() -> Response:
    """What was said of verdicts, newest first."""
    return jsonify({"feedback": [one.as_dict() for one in _listed()]})


@endpoint(
    "POST",
    "/feedback",
    Scope.ACT,
    Answer("What was said", FEEDBACK, status=201, links=(("drop_feedback", "id", "/id"),)),
    body=Word,
    problems=(404, 409),
)
def say(body: Word) -> Response:
    """Say that a verdict is wrong.

    It holds at once, for that account, that sender, and URLs of that form; what lowers protection, only for mail that is
    proven to be the sender's.
    """
    found = known(body.message)
    judged = next((one for one in found.report.references if one.url == body.url), None)
    if judged is None:
        raise Problem(404, "not_found", "This message has no such reference.")
    store = catalogue()
    with store.writing() as connection:
        made = overrides.add(
            connection, found.account, found.organisation, judged, tracks=body.says == "tracker"
        )
    if made is None:
        raise Problem(
            409, "conflict", "Its URL, or its mail's sender, is none by which it could be told again."
        )
    response = jsonify(next(one.as_dict() for one in _listed() if one.id == made))
    response.status_code = 201
    return response


@endpoint("DELETE", "/feedback/<int:id>", Scope.ACT, Answer("It is taken back", status=204), problems=(404,))
def drop_feedback(id: int) -> Response:
    """Take back what was said."""
    store = catalogue()
    with store.writing() as connection:
        gone = id < 2**63 and overrides.revoke(connection, id, store.only)
    if not gone:
        raise Problem(404, "not_found", "Nothing of this number was said.")
    return Response(status=204)


def _listed() -> tuple[Override, ...]:
    store = catalogue()
    with store.reading() as connection:
        return overrides.listed(connection, store.only)
