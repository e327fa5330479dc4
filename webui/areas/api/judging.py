"""A message in, its report or its neutralised form out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from flask import Response, jsonify, request
from msgspec import Meta, Struct

from blocker.catalogue.memory import CatalogueMemory
from blocker.catalogue.settings import EVERY
from blocker.catalogue.values import Account
from blocker.choices.levels import ALLOW, DEFAULT_LEVEL, SETTINGS, Level
from blocker.detect.contract import REPORT
from blocker.detect.memory import Recollection
from blocker.detect.report import Report
from blocker.judging import handed
from blocker.judging.worker import Question
from blocker.output.safe import header
from blocker.rewrite import marker
from blocker.rewrite.neutralise import Neutralised
from blocker.rewrite.patch import travels
from blocker.sender import InForce
from webui.access import Scope
from webui.areas.api.door import Answer, endpoint
from webui.errors import Problem
from webui.site import catalogue, site

MAX_RECIPIENTS = 50
RAW = {"message/rfc822": {"type": "string", "contentEncoding": "binary", "minLength": 1}}


class Reader(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose mail it is."""

    recipient: Annotated[
        tuple[str, ...],
        Meta(
            max_length=MAX_RECIPIENTS,
            description="An address of the reader, to be looked for in URLs; may be given several times. "
            "Left out, the watched accounts' addresses are taken.",
        ),
    ] = ()


class Wish(Reader, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to take out, and for whom."""

    level: Annotated[
        Level | None,
        Meta(description="What to neutralise; left out, what holds for the account and the sender."),
    ] = None
    account: Annotated[
        str,
        Meta(
            max_length=200,
            description=f"Whose level and settings for senders hold; left out, `{DEFAULT_LEVEL}` and those for all accounts.",
        ),
    ] = ""


NEUTRALISED = Answer(
    "The message, identical outside what was neutralised",
    others=RAW,
    headers={
        "Unpixel-Changed": {
            "description": "Whether anything was changed.",
            "type": "string",
            "enum": ["true", "false"],
        },
        "Unpixel-Level": {
            "description": "The level that held; `allow` where the sender's mail is left as it is.",
            "type": "string",
            "enum": list(SETTINGS),
        },
        "Unpixel-Note": {
            "description": "What was set for the sender, and whether and why it holds; what was not looked at.",
            "type": "string",
        },
        "Unpixel-Refused": {"description": "Why the message was left as it came.", "type": "string"},
    },
)


@endpoint("POST", "/scan", Scope.SCAN, Answer("The report", REPORT), query=Reader, body=RAW)
def scan(query: Reader) -> Response:
    """Judge a message.

    A raw message in, its report out: the same object that `unpixel scan --format jsonl` prints.
    """
    return jsonify(_report(_message(), query).as_dict())


@endpoint("POST", "/neutralise", Scope.SCAN, NEUTRALISED, query=Wish, body=RAW, problems=(404,))
def neutralise(query: Wish) -> Response:
    """Neutralise a message.

    A raw message in, the message with its trackers neutralised out; as it came, where it must not be changed.
    """
    account = _account(query.account)
    raw = _message()
    found = InForce(query.level) if query.level else _in_force(raw, account, query)
    done = _neutralised(raw, found.level, query)
    response = Response(done.raw, mimetype="message/rfc822")
    response.headers["Unpixel-Changed"] = "true" if done.changed else "false"
    response.headers["Unpixel-Level"] = found.level or ALLOW
    if note := "; ".join(filter(None, (found.note, done.report.error if done.changed else None))):
        response.headers["Unpixel-Note"] = header(note)
    if done.refused:
        response.headers["Unpixel-Refused"] = header(done.refused)
    return response


def _in_force(raw: bytes, account: Account | None, reader: Reader) -> InForce:
    """The account's level, or the one that was set for the sender."""
    settings = catalogue().sender_levels(account.name if account else EVERY)
    level = Level(account.level) if account else DEFAULT_LEVEL
    if not settings:
        return InForce(level)
    return site().trust.in_force(raw, _report(raw, reader).message.sender, level, settings)


def _neutralised(raw: bytes, level: Level | None, reader: Reader) -> Neutralised:
    """The outcome; a patch that is too large for the header is kept in the catalogue."""
    if level is None:
        return Neutralised(raw, _report(raw, reader))
    done = handed.neutralised(raw, _recipients(reader), level, site().key, _recall)
    if done.patch is not None and not travels(done.patch):
        catalogue().keep_patch(marker.digest(done.raw), done.patch, done.report.message.from_domain)
    return done


def _report(raw: bytes, reader: Reader) -> Report:
    """The judgement, with what the catalogue remembers of other mail; nothing is recorded."""
    return handed.scanned(raw, _recipients(reader), _recall)


def _recall(questions: Sequence[Question]) -> Sequence[Mapping[str, Recollection]]:
    return CatalogueMemory(catalogue()).recall_many(questions)


def _account(name: str) -> Account | None:
    if not name:
        return None
    for account in catalogue().accounts():
        if account.name == name:
            return account
    raise Problem(404, "not_found", "There is no such account: leave it out, or name a watched one.")


def _message() -> bytes:
    if request.mimetype != "message/rfc822":
        raise Problem(
            415, "unsupported_media_type", "Send the raw message with `Content-Type: message/rfc822`."
        )
    raw = request.get_data(cache=False)
    if not raw:
        raise Problem(400, "bad_request", "The request has no message: send its raw bytes as the body.")
    return raw


def _recipients(reader: Reader) -> tuple[str, ...]:
    """Whose addresses to look for in URLs: those named, or else those of the watched accounts."""
    return reader.recipient or tuple(a.address for a in catalogue().accounts() if a.address)
