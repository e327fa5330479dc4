"""A message in, its report or its neutralised form out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from flask import Response, jsonify, request
from msgspec import Meta

from blocker.catalogue.memory import CatalogueMemory
from blocker.catalogue.settings import EVERY
from blocker.choices.levels import ALLOW, DEFAULT_LEVEL, SETTINGS, Level
from blocker.detect.contract import REPORT
from blocker.detect.memory import Recollection
from blocker.detect.report import Judged, Report
from blocker.detect.words import why
from blocker.judging import handed
from blocker.judging.worker import Question
from blocker.output.safe import header
from blocker.rewrite import marker
from blocker.rewrite.neutralise import Neutralised
from blocker.rewrite.patch import travels
from blocker.sender import InForce
from webui.access import Scope
from webui.areas.api.answers import CHANGED, SUMMARY
from webui.areas.api.door import Answer, endpoint
from webui.areas.api.letters import BODIES, HTML, JSON, OCTETS, RAW, Account, Letter, Reader, letter
from webui.errors import Problem
from webui.site import catalogue, site

Detail = Annotated[
    Literal["full", "summary"],
    Meta(description="`summary`: what a plug-in shows, in few words; else every reference with its reasons."),
]


class Wish(Reader, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose mail it is, and how much to say."""

    account: Account = ""
    detail: Detail = "full"


class LevelWish(Wish, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to take out besides."""

    level: (
        Annotated[
            Level,
            Meta(description="What to neutralise; left out, what holds for the account and the sender."),
        ]
        | None
    ) = None


NEUTRALISED = Answer(
    "What came in, identical outside what was neutralised, as the media type that it came as; "
    "JSON also where a summary was asked for",
    CHANGED,
    others={RAW: OCTETS, HTML: OCTETS},
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


@endpoint(
    "POST",
    "/scan",
    Scope.SCAN,
    Answer("The report", REPORT, short=SUMMARY),
    query=Wish,
    body=BODIES,
    problems=(404,),
)
def scan(query: Wish) -> Response:
    """Judge a message.

    A message in, its report out: the same object that `unpixel scan --format jsonl` prints. Of HTML without a header the
    spans are places in that HTML.
    """
    level = account_level(query.account)
    given = letter(query)
    report = judged(given)
    if query.detail == "summary":
        return jsonify(summary(report, in_force(given.raw, report, query.account, level).level))
    return jsonify(given.as_dict(report))


@endpoint("POST", "/neutralise", Scope.SCAN, NEUTRALISED, query=LevelWish, body=BODIES, problems=(404,))
def neutralise(query: LevelWish) -> Response:
    """Neutralise a message.

    A message in, the same with its trackers neutralised out; as it came, where it must not be changed.
    """
    usual = account_level(query.account)
    given = letter(query)
    found = InForce(query.level) if query.level else _in_force(given, query.account, usual)
    done = _neutralised(given, found.level)
    response = _changed(given, done, found, query.detail)
    response.headers["Unpixel-Changed"] = "true" if done.changed else "false"
    response.headers["Unpixel-Level"] = found.level or ALLOW
    if note := _note(done, found):
        response.headers["Unpixel-Note"] = header(note)
    if done.refused:
        response.headers["Unpixel-Refused"] = header(done.refused)
    return response


def account_level(name: str) -> Level:
    """What is neutralised in an account's mail; the usual where none is named. Raises Problem for one not to be known."""
    if not name:
        return DEFAULT_LEVEL
    for account in catalogue().accounts():
        if account.name == name:
            return Level(account.level)
    raise Problem(404, "not_found", "There is no such account: leave it out, or name a watched one.")


def judged(given: Letter) -> Report:
    """The judgement, with what the catalogue remembers of other mail; nothing is recorded."""
    return handed.scanned(given.raw, given.recipients, recall)


def recall(questions: Sequence[Question]) -> Sequence[Mapping[str, Recollection]]:
    """What the catalogue remembers."""
    return CatalogueMemory(catalogue()).recall_many(questions)


def summary(report: Report, level: Level | None) -> dict[str, Any]:
    """What a plug-in shows of a message."""
    return {
        "tracked": report.tracked,
        "blocked": [_blocked(one) for one in report.references if level and one.verdict.kind in level.takes],
        "personal": report.kinds["personal"],
        "receipts": len(report.receipts),
        "level": level or ALLOW,
    }


def in_force(raw: bytes, report: Report, account: str, level: Level) -> InForce:
    """The account's level, or the one that was set for the sender."""
    settings = catalogue().sender_levels(account or EVERY)
    return site().trust.in_force(raw, report.message.sender, level, settings) if settings else InForce(level)


def _in_force(given: Letter, account: str, level: Level) -> InForce:
    if not catalogue().sender_levels(account or EVERY):
        return InForce(level)
    return in_force(given.raw, judged(given), account, level)


def _blocked(one: Judged) -> dict[str, Any]:
    reason = next((reason for reason in one.verdict.reasons if reason.weight > 0), one.verdict.reasons[0])
    return {
        "url": one.url,
        "kind": one.verdict.kind,
        "vendor": one.verdict.vendor,
        "why": why(reason).text,
    }


def _neutralised(given: Letter, level: Level | None) -> Neutralised:
    """The outcome; a patch that is too large for the header is kept in the catalogue."""
    if level is None:
        return Neutralised(given.raw, judged(given))
    done = handed.neutralised(given.raw, given.recipients, level, site().key, recall)
    if done.patch is not None and not travels(done.patch) and given.form == RAW:
        catalogue().keep_patch(marker.digest(done.raw), done.patch, done.report.message.from_domain)
    return done


def _changed(given: Letter, done: Neutralised, found: InForce, detail: str) -> Response:
    body = given.body(done.raw)
    if given.form != JSON and detail == "full":
        return Response(body, content_type=request.content_type)
    raw = given.form == RAW
    return jsonify(
        {
            "html": None if raw else body.decode("utf-8", "replace"),
            "message": b64encode(body).decode() if raw else None,
            "changed": done.changed,
            "note": _note(done, found) or None,
            "refused": done.refused,
            **summary(done.report, found.level),
        }
    )


def _note(done: Neutralised, found: InForce) -> str:
    return "; ".join(filter(None, (found.note, done.report.error if done.changed else None)))
