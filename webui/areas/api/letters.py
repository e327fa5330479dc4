"""A message that a request hands in: raw, as HTML alone, or as a JSON object that holds its HTML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from flask import request
from msgspec import Meta, Struct, field

from blocker.detect.report import Report
from blocker.output import safe
from webui.areas.api.door import Schema, json_as, schema_of
from webui.errors import Problem
from webui.site import catalogue

MAX_RECIPIENTS = 50
LONGEST = 1000
"""Characters of a header field that is handed in."""
RAW, HTML, JSON = "message/rfc822", "text/html", "application/json"
OCTETS = {"type": "string", "format": "binary"}
LONGEST_ADDRESS = 320
"""Characters of an address (RFC 3696, 3, with its errata)."""
_CHARSET = re.compile(r"[\w.:-]{1,40}", re.ASCII)

From = Annotated[str, Meta(max_length=LONGEST, description="The From field: who sends it.")]
MessageId = Annotated[str, Meta(max_length=LONGEST, description="The Message-ID field.")]
Address = Annotated[str, Meta(max_length=LONGEST_ADDRESS)]
Account = Annotated[
    str,
    Meta(
        max_length=200,
        description="Whose level and settings for senders hold; left out, `standard` and those for all accounts.",
    ),
]


class Reader(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the address says of a message that is handed in."""

    recipient: Annotated[
        tuple[Address, ...],
        Meta(
            max_length=MAX_RECIPIENTS,
            description="An address of the reader, to be looked for in URLs; may be given several times. "
            "Left out, the watched accounts' addresses are taken.",
        ),
    ] = ()
    from_: Annotated[
        str, Meta(max_length=LONGEST, description="For `text/html`: the From field, who sends it.")
    ] = field(default="", name="from")
    message_id: Annotated[str, Meta(max_length=LONGEST, description="For `text/html`: the Message-ID.")] = ""


class Page(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message as JSON: its HTML, and what is known of its header."""

    html: Annotated[str, Meta(description="The HTML of the message.")]
    from_: From = field(default="", name="from")
    recipients: Annotated[
        tuple[Address, ...],
        Meta(
            max_length=MAX_RECIPIENTS,
            description="Addresses of the reader; left out, as with `recipient`.",
        ),
    ] = ()
    message_id: MessageId = ""


BODIES: Mapping[str, Schema] = {
    RAW: OCTETS | {"minLength": 1},
    HTML: OCTETS | {"minLength": 1},
    JSON: schema_of(Page),
}
"""The forms in which one message comes in."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, ready to be judged."""

    raw: bytes
    recipients: tuple[str, ...]
    form: str = RAW
    """The media type that it came in."""
    head: int = 0
    """Octets of a header that was written here, before what came in."""

    def as_dict(self, report: Report) -> dict[str, Any]:
        """The report on what came in: spans and digest are of that, without the header that was written here."""
        found = report.as_dict()
        if self.head:
            found["message"]["sha256"] = hashlib.sha256(self.raw[self.head :]).hexdigest()
            for reference in found["references"]:
                reference["span"] = [place - self.head for place in reference["span"]]
        return found

    def body(self, raw: bytes) -> bytes:
        """Of this message, neutralised, what stands for what came in."""
        return raw.partition(b"\r\n\r\n")[2] if self.head else raw


def letter(reader: Reader) -> Letter:
    """The message of this request. Raises Problem where there is none."""
    form = request.mimetype
    if form not in BODIES:
        raise Problem(415, "unsupported_media_type", f"Send a message as {', '.join(BODIES)}.")
    given = request.get_data(cache=False)
    if not given:
        raise Problem(400, "bad_request", "The request has no message: send it as the body.")
    if form == JSON:
        return of_page(json_as(Page, given))
    return of_bytes(given, form, request.mimetype_params.get("charset", ""), reader)


def of_bytes(given: bytes, form: str, charset: str, reader: Reader) -> Letter:
    """A message that came as octets of a media type."""
    if form != HTML:
        return Letter(given, named(reader.recipient))
    return _written(given, charset, reader.from_, reader.recipient, reader.message_id, HTML)


def of_page(page: Page) -> Letter:
    """A message that came as JSON."""
    html = page.html.encode("utf-8", "replace")
    return _written(html, "utf-8", page.from_, page.recipients, page.message_id, JSON)


def named(recipients: tuple[str, ...]) -> tuple[str, ...]:
    """Whose addresses to look for in URLs: those named, or else those of the watched accounts that one may know of."""
    return recipients or tuple(account.address for account in catalogue().accounts() if account.address)


def _written(
    html: bytes, charset: str, from_: str, recipients: tuple[str, ...], message_id: str, form: str
) -> Letter:
    """HTML as a message: a header before it, and every octet as it came."""
    sure = charset if _CHARSET.fullmatch(charset) else "utf-8"
    fields = {
        "From": from_,
        "To": ", ".join(recipients),
        "Message-ID": message_id,
        "MIME-Version": "1.0",
        "Content-Type": f'text/html; charset="{sure}"',
        "Content-Transfer-Encoding": "binary",
    }
    lines = [f"{name}: {safe.line(value)}\r\n" for name, value in fields.items() if value]
    head = "".join([*lines, "\r\n"]).encode("utf-8", "replace")
    return Letter(head + html, named(recipients), form, len(head))
