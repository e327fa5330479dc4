"""What the catalogue knows of messages."""

from __future__ import annotations

from typing import Annotated

from flask import Response, jsonify
from msgspec import Meta, Struct

from webui.access import Scope
from webui.areas.api.answers import MESSAGES
from webui.areas.api.door import Answer, endpoint
from webui.site import catalogue


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages are asked for."""

    message_id: Annotated[
        str,
        Meta(
            min_length=1, max_length=1000, description="The Message-ID, with or without its angle brackets."
        ),
    ]


@endpoint(
    "GET",
    "/messages",
    Scope.READ,
    Answer("One object for each place where the mail lies", MESSAGES),
    query=Which,
)
def messages(query: Which) -> Response:
    """What is known of a message."""
    return jsonify({"messages": [found.as_dict() for found in catalogue().by_message_id(query.message_id)]})
