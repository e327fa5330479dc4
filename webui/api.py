"""The plugin door: a message in, its report or its neutralised form out. Programs show a bearer token."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

import blocker
from blocker.catalogue.memory import CatalogueMemory
from blocker.detect.report import Report
from blocker.rewrite.levels import LEVELS, Level
from webui.description import describe
from webui.errors import Problem
from webui.site import catalogue, site

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
MAX_RECIPIENTS = 50


@blueprint.post("/scan")
def scan() -> Response:
    """A raw message in, its report out: the same object that `unpixel scan --format jsonl` prints."""
    return jsonify(_report(_message()).as_dict())


@blueprint.post("/neutralise")
def neutralise() -> Response:
    """A raw message in, the message with its trackers neutralised out; as it came, where it must not be changed."""
    level = _level()
    raw = _message()
    report = _report(raw)
    done = blocker.neutralise(raw, level=level, report=report, key=site().key)
    response = Response(done.raw, mimetype="message/rfc822")
    response.headers["Unpixel-Changed"] = "true" if done.changed else "false"
    if done.refused:
        response.headers["Unpixel-Refused"] = _header_text(done.refused)
    return response


@blueprint.get("/messages")
def messages() -> Response:
    """What the catalogue knows of a Message-ID: one object for each place where the mail lies."""
    wanted = request.args.get("message_id", "").strip()
    if not wanted or len(wanted) > 1000:
        raise Problem(400, "bad_request", "Say which message: add ?message_id= with its Message-ID.")
    return jsonify({"messages": [found.as_dict() for found in catalogue().by_message_id(wanted)]})


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """This door's description (OpenAPI 3.1)."""
    return jsonify(describe())


def _report(raw: bytes) -> Report:
    """The judgement, with what the catalogue remembers of other mail; nothing is recorded."""
    return blocker.scan(raw, recipients=_recipients(), memory=CatalogueMemory(catalogue()))


def _level() -> Level:
    asked = request.args.get("level", "standard")
    for level in LEVELS:
        if level == asked:
            return level
    raise Problem(400, "bad_request", f"There is no such level: use one of {', '.join(LEVELS)}.")


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


def _header_text(text: str) -> str:
    return " ".join(text.split()).encode("ascii", "replace").decode("ascii")[:500]
