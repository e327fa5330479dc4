"""Who sends, and what is set for them."""

from __future__ import annotations

from typing import Annotated

from flask import Response, jsonify
from msgspec import Meta, Struct

from blocker.catalogue.figures import SenderOrder
from blocker.catalogue.senders import SenderFilter
from blocker.catalogue.settings import EVERY, NoDomain, SenderLevel
from blocker.catalogue.values import MessageFilter
from blocker.choices.levels import SETTINGS
from webui.access import Scope
from webui.areas.api.answers import POLICY, SENDER, SENDERS
from webui.areas.api.door import Answer, endpoint
from webui.areas.api.judging import account_level
from webui.areas.api.paging import Paged, after_page, page_of
from webui.areas.api.stats import Account, Days, of_days
from webui.errors import Problem
from webui.site import catalogue

For = Annotated[
    str, Meta(max_length=200, description="For mail to this account; left out, for all accounts.")
]


class Who(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which senders are asked for."""

    order: Annotated[SenderOrder, Meta(description="By what, the highest first; names from A on.")] = (
        "tracked"
    )
    account: Account = ""
    days: Days = None


class Policy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be done with a sender's mail."""

    level: Annotated[
        str,
        Meta(
            pattern=f"^({'|'.join(SETTINGS)})$",
            description="A level; `allow` leaves the mail as it is, where it is proven to be the sender's.",
        ),
    ]
    account: For = EVERY


class Whose(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose setting."""

    account: For = EVERY


@endpoint(
    "GET",
    "/senders",
    Scope.READ,
    Answer(
        "A page of senders",
        SENDERS,
        links=tuple((act, "sender", "/senders/0/domain") for act in ("sender", "set_policy", "drop_policy")),
    ),
    query=Who,
)
def senders(query: Who) -> Response:
    """Who sends, and how much of it is tracked."""
    number, size = page_of(query.cursor, query.limit)
    wanted = SenderFilter(MessageFilter(account=query.account, since=of_days(query.days)), order=query.order)
    found = catalogue().senders_page(wanted, number, size)
    listed = found.as_dict()["senders"] if number <= found.pages else []
    return jsonify({"senders": listed, "next": after_page(number, size, found.pages)})


@endpoint(
    "GET",
    "/senders/<name:sender>",
    Scope.READ,
    Answer(
        "The sender", SENDER, links=(("set_policy", "sender", "/domain"), ("messages", "sender", "/domain"))
    ),
    problems=(404,),
)
def sender(sender: str) -> Response:
    """What one sender does."""
    found = catalogue().sender(sender)
    if found is None:
        raise Problem(404, "not_found", "Nothing has come from this sender.")
    return jsonify(found.as_dict() | {"settings": [one.as_dict() for one in _settings(sender)]})


@endpoint(
    "GET",
    "/senders/<name:sender>/policy",
    Scope.READ,
    Answer("What is set", POLICY),
    query=Whose,
    problems=(404,),
)
def policy(sender: str, query: Whose) -> Response:
    """What is set for a sender, for one account or for all."""
    return _policy(sender, query.account)


@endpoint(
    "PUT",
    "/senders/<name:sender>/policy",
    Scope.ACT,
    Answer(
        "What is set now",
        POLICY,
        links=(("policy", "sender", "/domain"), ("drop_policy", "sender", "/domain")),
    ),
    body=Policy,
    problems=(404,),
)
def set_policy(sender: str, body: Policy) -> Response:
    """Set what is done with a sender's mail.

    Less protection than the account's holds only for mail that is proven to be the sender's. For all accounts an owner of
    all of them sets it.
    """
    return _policy(_put(sender, body.level, body.account), body.account)


@endpoint(
    "DELETE",
    "/senders/<name:sender>/policy",
    Scope.ACT,
    Answer("It is no longer set", status=204),
    query=Whose,
    problems=(404,),
)
def drop_policy(sender: str, query: Whose) -> Response:
    """Take back what is set for a sender."""
    _put(sender, None, query.account)
    return Response(status=204)


def _put(sender: str, level: str | None, account: str) -> str:
    """Set it or take it back; the name that it stands under."""
    account_level(account)
    try:
        return catalogue().set_sender_level(sender, level, account)
    except NoDomain as error:
        raise Problem(404, "not_found", str(error)) from error


def _policy(sender: str, account: str) -> Response:
    for one in _settings(sender):
        if one.account == account:
            return jsonify(one.as_dict())
    raise Problem(404, "not_found", "Nothing is set for this sender.")


def _settings(sender: str) -> tuple[SenderLevel, ...]:
    """What is set for a sender; a name that no setting can have (an address literal) has none."""
    try:
        return catalogue().sender_level(sender)
    except NoDomain:
        return ()
