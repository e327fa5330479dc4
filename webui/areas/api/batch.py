"""Many messages, or many URLs, in one request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import escape
from itertools import islice
from typing import Annotated, Any

import msgspec
from flask import Response, jsonify, request
from msgspec import Meta, Struct, field

from blocker.detect.report import Judged, Report
from blocker.judging import handed
from webui.access import Scope
from webui.areas.api.answers import RESULTS, URLS
from webui.areas.api.door import Answer, Schema, endpoint, json_as
from webui.areas.api.judging import Wish, account_level, in_force, judged, recall, summary
from webui.areas.api.letters import OCTETS, Address, From, Letter, MessageId, Page, named, of_bytes, of_page
from webui.errors import Problem

MOST = 50
"""Messages of a batch."""
PATIENCE = 30.0
"""Seconds after which no further message of a batch is looked at."""
MAX_URLS = 100
LONGEST_URL = 8192
LINES = ("application/jsonl", "application/x-ndjson")
FORM = "multipart/form-data"


class Line(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One message of a batch: its HTML with what is known of its header, or all of it in base64."""

    html: str | None = None
    message: bytes | None = None
    from_: From = field(default="", name="from")
    recipients: Annotated[tuple[Address, ...], Meta(max_length=MOST)] = ()
    message_id: MessageId = ""


class Addresses(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """URLs to be judged."""

    urls: Annotated[
        tuple[Annotated[str, Meta(max_length=LONGEST_URL)], ...],
        Meta(max_length=MAX_URLS, description="What a mail program would fetch."),
    ]
    recipients: Annotated[
        tuple[Address, ...],
        Meta(
            max_length=MOST, description="Addresses of the reader; left out, those of the watched accounts."
        ),
    ] = ()


_TEXT: Schema = {
    "type": "string",
    "description": "A JSON object a line: `html` (with `from`, `recipients`, `message_id`), "
    "or `message`, the raw message in base64.",
}
BODIES = {
    **dict.fromkeys(LINES, _TEXT),
    FORM: {
        "type": "object",
        "required": ["message"],
        "properties": {
            "message": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST,
                "items": OCTETS,
                "description": "A file for each message, `message/rfc822` or `text/html`.",
            }
        },
    },
}


@endpoint(
    "POST",
    "/scan/batch",
    Scope.SCAN,
    Answer("One result for each message, in their order", RESULTS),
    query=Wish,
    body=BODIES,
    problems=(404,),
)
def scan_batch(query: Wish) -> Response:
    """Judge several messages.

    At most 50. A message that cannot be read has a `problem` in place of its report, and the others have theirs.
    """
    level = account_level(query.account)
    began, results = time.monotonic(), []
    for given in _letters(query):
        if isinstance(given, Letter) and time.monotonic() - began > PATIENCE:
            given = Problem(503, "unavailable", "The batch has taken too long: send this message again.")
        if isinstance(given, Problem):
            results.append({"report": None, "summary": None, "problem": given.as_dict()})
            continue
        report = judged(given)
        short = query.detail == "summary"
        results.append(
            {
                "report": None if short else given.as_dict(report),
                "summary": summary(report, in_force(given.raw, report, query.account, level).level)
                if short
                else None,
                "problem": None,
            }
        )
    return jsonify({"results": results})


@endpoint(
    "POST", "/urls", Scope.SCAN, Answer("One verdict for each URL, in their order", URLS), body=Addresses
)
def urls(body: Addresses) -> Response:
    """Judge URLs alone.

    Each is judged as a picture of unknown size in a mail of which nothing else is known: what a whole message tells
    (sizes, places, other URLs) is missing, so send that to `/scan` where you have it.
    """
    raws = [
        f'Content-Type: text/html; charset="utf-8"\r\n\r\n<img src="{escape(url)}">'.encode()
        for url in body.urls
    ]
    reports = handed.scanned_many(raws, named(body.recipients), recall)
    return jsonify({"urls": [_told(url, report) for url, report in zip(body.urls, reports, strict=True)]})


def _letters(query: Wish) -> Iterator[Letter | Problem]:
    """The messages of this request, each once it is looked at. Raises Problem where there are too many."""
    if request.mimetype in LINES:
        found = list(
            islice(filter(None, map(bytes.strip, request.get_data(cache=False).splitlines())), MOST + 1)
        )
        _few(len(found))
        yield from map(_of_line, found)
    elif request.mimetype == FORM:
        files = request.files.getlist("message")
        _few(len(files))
        if not files or "message" in request.form:
            raise Problem(400, "bad_request", "Send each message as a file named `message`.")
        for file in files:
            charset = file.mimetype_params.get("charset", "")
            yield of_bytes(file.read(), file.mimetype, charset, query)
    else:
        raise Problem(415, "unsupported_media_type", f"Send messages as {', '.join(BODIES)}.")


def _few(number: int) -> None:
    if number > MOST:
        raise Problem(
            413, "too_large", f"A batch has at most {MOST} messages: send the others in another one."
        )


def _of_line(text: bytes) -> Letter | Problem:
    try:
        line = json_as(Line, text)
    except Problem as problem:
        return problem
    if (line.html is None) == (line.message is None):
        return Problem(400, "bad_request", "Give either `html` or `message`.")
    if line.message is not None:
        return Letter(line.message, named(line.recipients))
    page = {
        "html": line.html,
        "from": line.from_,
        "recipients": line.recipients,
        "message_id": line.message_id,
    }
    return of_page(msgspec.convert(page, Page))


def _told(url: str, report: Report) -> dict[str, Any]:
    one: Judged | None = next(iter(report.references), None)
    if one is None:
        return {"url": url, "verdict": None, "confidence": None, "vendor": None, "reasons": []}
    return {"url": url} | {key: one.as_dict()[key] for key in ("verdict", "confidence", "vendor", "reasons")}
