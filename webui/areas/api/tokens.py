"""Tokens: one's own, and the one that a plug-in gets for a code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from flask import Response, jsonify, request
from msgspec import Meta, Struct

from webui.access import Scope, me, pairing, tokens, who
from webui.areas.api.answers import PAIRED, TOKENS
from webui.areas.api.door import Answer, endpoint
from webui.errors import Problem
from webui.limiter import network
from webui.site import site

Name = Annotated[
    str,
    Meta(
        min_length=1, max_length=tokens.LONGEST_NAME, description="To know it by, printable characters alone."
    ),
]


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A token that is to be made."""

    name: Name
    scopes: Annotated[list[Literal["read", "scan", "act"]], Meta(min_length=1, description="What it may do.")]
    days: Annotated[int, Meta(ge=1, le=tokens.MOST_DAYS)] | None = None


class Pairing(Struct, frozen=True, forbid_unknown_fields=True):
    """What a plug-in sends."""

    code: Annotated[str, Meta(min_length=pairing.LENGTH, max_length=32, description="As the page shows it.")]
    name: Name


@endpoint("GET", "/tokens", Scope.READ, Answer("The tokens", TOKENS))
def list_tokens() -> Response:
    """The tokens that the person has whose token this is, those of plug-ins too."""
    return jsonify({"tokens": [one.as_dict() for one in tokens.tokens_of(site().catalogue, me())]})


@endpoint(
    "POST",
    "/tokens",
    Scope.ACT,
    Answer("The token, which is told this once", PAIRED, status=201),
    body=Wanted,
)
def add_token(body: Wanted) -> Response:
    """Make a token.

    It has no scope that this one has not, no other accounts, the same origin, and ends no later.
    """
    if not tokens.is_name(body.name):
        raise Problem(400, "bad_request", "Give the token a name of printable characters.")
    maker = who().credential
    assert maker is not None
    if beyond := sorted(frozenset(map(Scope, body.scopes)) - who().scopes):
        raise Problem(403, "forbidden", f"This token has no scope `{beyond[0]}`, and can give none.")
    ends = [] if body.days is None else [datetime.now(UTC) + timedelta(days=body.days)]
    ends += [maker.expires] if maker.expires else []
    made = tokens.make(
        site().catalogue,
        me(),
        maker.kind,
        body.name,
        frozenset(map(Scope, body.scopes)),
        origin=maker.origin,
        expires=min(ends, default=None),
    )
    return _told(made, 201)


@endpoint("DELETE", "/tokens/<int:id>", Scope.ACT, Answer("It is ended", status=204), problems=(404,))
def revoke_token(id: int) -> Response:
    """End a token."""
    if id >= 2**63 or not tokens.revoke(site().catalogue, me(), id):
        raise Problem(404, "not_found", f"There is no token {id}.")
    return Response(status=204)


@endpoint(
    "POST", "/pair", None, Answer("The token, which is told this once", PAIRED, status=201), body=Pairing
)
def pair(body: Pairing) -> Response:
    """Get a token for a code that a person reads off the page Plug-ins.

    The code works once, within ten minutes; after five wrong ones by anybody it is dead. Pages of the web are refused. The
    Origin of an extension is kept with the token, which then works from there alone.
    """
    origin = request.headers.get("Origin", "")
    if origin and not pairing.is_extension(origin):
        raise Problem(403, "wrong_origin", "Only a plug-in can be let in with a code, no page.")
    if not tokens.is_name(body.name):
        raise Problem(400, "bad_request", "Give the plug-in a name of printable characters.")
    address = network(request.remote_addr or "")
    if wait := site().pairings.wait(address):
        raise Problem(429, "too_many_requests", f"Too many wrong codes: try again in {wait} s.", wait)
    site().pairings.failed(address)
    made = pairing.redeem(site().catalogue, body.code, body.name, origin)
    if made is None:
        raise Problem(403, "wrong_code", "That is not the code, or it is too old: show a new one.")
    site().pairings.take_back(address)
    return _told(made, 201)


def _told(token: str, status: int) -> Response:
    """A token that was just made, with all that is known of it."""
    found = tokens.described(site().catalogue, token)
    response = jsonify(found.as_dict() | {"token": token})
    response.status_code = status
    return response
