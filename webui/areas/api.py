"""The plugin door: a message in, its report or its neutralised form out. Programs show a bearer token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, jsonify, request

from blocker.catalogue.memory import CatalogueMemory
from blocker.catalogue.settings import EVERY
from blocker.catalogue.values import Account
from blocker.choices.levels import ALLOW, DEFAULT_LEVEL, Level
from blocker.detect.memory import Recollection
from blocker.detect.report import Report
from blocker.judging import handed
from blocker.judging.worker import Question
from blocker.output.safe import header
from blocker.rewrite import marker
from blocker.rewrite.neutralise import Neutralised
from blocker.rewrite.patch import travels
from blocker.sender import InForce
from webui.access import Means, Scope, needs
from webui.description import describe
from webui.errors import Problem
from webui.site import catalogue, site

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
MAX_RECIPIENTS = 50


@blueprint.post("/scan")
@needs(Scope.SCAN)
def scan() -> Response:
    """A raw message in, its report out: the same object that `unpixel scan --format jsonl` prints."""
    return jsonify(_report(_message()).as_dict())


@blueprint.post("/neutralise")
@needs(Scope.SCAN)
def neutralise() -> Response:
    """A raw message in, the message with its trackers neutralised out; as it came, where it must not be changed."""
    asked, account = _level(), _account()
    raw = _message()
    found = InForce(asked) if asked else _in_force(raw, account)
    done = _neutralised(raw, found.level)
    response = Response(done.raw, mimetype="message/rfc822")
    response.headers["Unpixel-Changed"] = "true" if done.changed else "false"
    response.headers["Unpixel-Level"] = found.level or ALLOW
    if note := "; ".join(filter(None, (found.note, done.report.error if done.changed else None))):
        response.headers["Unpixel-Note"] = header(note)
    if done.refused:
        response.headers["Unpixel-Refused"] = header(done.refused)
    return response


def _in_force(raw: bytes, account: Account | None) -> InForce:
    """The account's level, or the one that was set for the sender."""
    settings = catalogue().sender_levels(account.name if account else EVERY)
    level = Level(account.level) if account else DEFAULT_LEVEL
    if not settings:
        return InForce(level)
    return site().trust.in_force(raw, _report(raw).message.from_domain, level, settings)


def _neutralised(raw: bytes, level: Level | None) -> Neutralised:
    """The outcome; a patch that is too large for the header is kept in the catalogue."""
    if level is None:
        return Neutralised(raw, _report(raw))
    done = handed.neutralised(raw, _recipients(), level, site().key, _recall)
    if done.patch is not None and not travels(done.patch):
        catalogue().keep_patch(marker.digest(done.raw), done.patch, done.report.message.from_domain)
    return done


@blueprint.get("/messages")
@needs(Scope.READ)
def messages() -> Response:
    """What the catalogue knows of a Message-ID: one object for each place where the mail lies."""
    wanted = request.args.get("message_id", "").strip()
    if not wanted or len(wanted) > 1000:
        raise Problem(400, "bad_request", "Say which message: add ?message_id= with its Message-ID.")
    return jsonify({"messages": [found.as_dict() for found in catalogue().by_message_id(wanted)]})


@blueprint.get("/openapi.json")
@needs(Scope.READ, Means.EITHER)
def openapi() -> Response:
    """This door's description (OpenAPI 3.1)."""
    return jsonify(describe())


def _report(raw: bytes) -> Report:
    """The judgement, with what the catalogue remembers of other mail; nothing is recorded."""
    return handed.scanned(raw, _recipients(), _recall)


def _recall(questions: Sequence[Question]) -> Sequence[Mapping[str, Recollection]]:
    return CatalogueMemory(catalogue()).recall_many(questions)


def _account() -> Account | None:
    asked = request.args.get("account")
    if asked is None:
        return None
    for account in catalogue().accounts():
        if account.name == asked:
            return account
    raise Problem(400, "bad_request", "There is no such account: leave it out, or name a watched one.")


def _level() -> Level | None:
    asked = request.args.get("level")
    if asked is None:
        return None
    try:
        return Level(asked)
    except ValueError:
        raise Problem(400, "bad_request", f"There is no such level: use one of {', '.join(Level)}.") from None


def _message() -> bytes:
    if request.mimetype != "message/rfc822":
        raise Problem(
            415, "unsupported_media_type", "Send the raw message with `Content-Type: message/rfc822`."
        )
    raw = request.get_data(cache=False)
    if not raw:
        raise Problem(400, "bad_request", "The request has no message: send its raw bytes as the body.")
    return raw


def _recipients() -> tuple[str, ...]:
    """Whose addresses to look for in URLs: those named, or else those of the watched accounts."""
    named = request.args.getlist("recipient")
    if len(named) > MAX_RECIPIENTS:
        raise Problem(400, "bad_request", f"Name at most {MAX_RECIPIENTS} recipients.")
    return tuple(named) or tuple(a.address for a in catalogue().accounts() if a.address)
