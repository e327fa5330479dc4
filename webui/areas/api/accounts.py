"""The accounts: how it is with each, and what may be asked for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from flask import Response, jsonify
from msgspec import Meta, Struct

from webui.access import Scope
from webui.areas.api.answers import ACCOUNT, ACCOUNTS, REQUEST
from webui.areas.api.door import Answer, endpoint
from webui.areas.api.requests import asked
from webui.errors import Problem
from webui.site import catalogue
from webui.standing import heartbeats


class Pause(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For how long."""

    minutes: (
        Annotated[float, Meta(gt=0, le=60 * 24 * 366, description="Left out, until it is resumed.")] | None
    ) = None


class Sweep(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How far back."""

    since: (
        Annotated[date, Meta(description="The first day of arrival (UTC); left out, all mail is looked at.")]
        | None
    ) = None


@endpoint(
    "GET",
    "/accounts",
    Scope.READ,
    Answer(
        "Every account, by name",
        ACCOUNTS,
        links=tuple((act, "name", "/accounts/0/name") for act in ("pause", "resume", "sweep")),
    ),
)
def accounts() -> Response:
    """The accounts, and how it is with them."""
    return jsonify({"accounts": list(_all().values())})


@endpoint(
    "POST",
    "/accounts/<string:name>/pause",
    Scope.ACT,
    Answer("The account", ACCOUNT, links=(("resume", "name", "/name"),)),
    body=Pause,
    problems=(404,),
)
def pause(name: str, body: Pause) -> Response:
    """Pause an account.

    A running service judges and changes nothing there; what it holds back goes on at once, as it came.
    """
    _known(name)
    until = None if body.minutes is None else datetime.now(UTC) + timedelta(minutes=body.minutes)
    catalogue().pause([name], until)
    return jsonify(_known(name))


@endpoint(
    "POST", "/accounts/<string:name>/resume", Scope.ACT, Answer("The account", ACCOUNT), problems=(404,)
)
def resume(name: str) -> Response:
    """End an account's pause."""
    _known(name)
    catalogue().resume([name])
    return jsonify(_known(name))


@endpoint(
    "POST",
    "/accounts/<string:name>/sweep",
    Scope.ACT,
    Answer("What was asked for", REQUEST, status=202, links=(("request", "id", "/id"),)),
    body=Sweep,
    problems=(404,),
)
def sweep(name: str, body: Sweep) -> Response:
    """Look through an account's past mail.

    The service does it; `GET /requests/{id}` tells how far it is.
    """
    _known(name)
    since = body.since.isoformat() if body.since else None
    return asked(catalogue().request("sweep", name, {"since": since}))


def _all() -> dict[str, dict[str, Any]]:
    beats = {beat.account: beat for beat in heartbeats()}
    pauses = catalogue().pauses()
    return {
        account.name: account.as_dict()
        | beats[account.name].as_dict()
        | {"paused": pauses[account.name].as_dict() if account.name in pauses else None}
        for account in catalogue().accounts()
        if account.name in beats
    }


def _known(name: str) -> dict[str, Any]:
    found = _all().get(name)
    if found is None:
        raise Problem(404, "not_found", "There is no such account.")
    return found
