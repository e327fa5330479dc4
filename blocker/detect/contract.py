"""The JSON contract: every key of what `unpixel scan --format jsonl` and the HTTP API say of a message.

One row a key. The manual's table and the API's description are made from these rows; a test compares them with a report,
whose `as_dict` takes the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

Type: TypeAlias = Literal[
    "string",
    "string or null",
    "integer",
    "integer or null",
    "number",
    "number or null",
    "boolean",
    "boolean or null",
    "array of strings",
    "array of two integers",
    "array",
    "object",
    "object or null",
]


class Key(NamedTuple):
    """One key of an object."""

    name: str
    type: Type
    meaning: str
    inside: tuple[Key, ...] = ()
    """The keys of the object, or of each member of the array."""
    bounds: Mapping[str, Any] = {}
    """What else JSON Schema says of it."""


Keys: TypeAlias = tuple[Key, ...]

MESSAGE: Keys = (
    Key("source", "string", "where it came from: a path, or account/folder;uid"),
    Key("sha256", "string", "digest of the bytes as given"),
    Key("message_id", "string", "the Message-ID field"),
    Key("from", "string", "the From field, decoded"),
    Key("from_domain", "string", "domain of its first address, lower case"),
    Key("to", "string", "the To field, decoded"),
    Key("date", "string", "ISO 8601 with offset; empty where the Date field cannot be read"),
    Key("subject", "string", "the Subject field, decoded"),
)

REASON: Keys = (
    Key("rule", "string", "name of the rule"),
    Key("detail", "string", "what it saw"),
    Key("weight", "number", "log-odds; above zero speaks for tracking"),
)

REFERENCE: Keys = (
    Key("url", "string or null", "what a browser would fetch; null where it would fetch nothing"),
    Key("raw", "string", "the value as written, entities decoded"),
    Key("vector", "string", "how it is fetched, for example `img[src]`"),
    Key("element", "string", "the element it stands in"),
    Key("part", "string", "the MIME part, for example `1.2`"),
    Key("span", "array of two integers", "first byte and the byte after the last, in the raw message"),
    Key("verdict", "string", "one of the five verdicts"),
    Key("confidence", "number", "0 to 1", bounds={"minimum": 0, "maximum": 1}),
    Key("vendor", "string or null", "whose service it is, where known"),
    Key("reasons", "array", "never empty", REASON),
)

RECEIPT: Keys = (
    Key("header", "string", "the field's name"),
    Key("value", "string", "its value"),
)

LINKS: Keys = (
    Key("total", "integer", "how many"),
    Key("tracked", "integer", "how many go through a tracking service"),
)

REPORT: Keys = (
    Key("message", "object", "the message itself", MESSAGE),
    Key("references", "array", "every place that makes a reader contact a host", REFERENCE),
    Key("receipts", "array", "header fields that ask for a receipt", RECEIPT),
    Key("links", "object", "hyperlinks; reported, never changed", LINKS),
    Key("signed", "boolean", "signed or encrypted at any depth"),
    Key(
        "unjudged",
        "integer",
        "references found but not judged because a bound was reached; they are taken out at every level",
    ),
    Key("error", "string or null", "one sentence where the message could not be read whole"),
)
