"""The plugin door's description, as OpenAPI 3.1. A test keeps it equal to the routes and to the report."""

from __future__ import annotations

from typing import Any

from blocker.catalogue.values import ACTIONS
from blocker.choices.levels import DEFAULT_LEVEL, SETTINGS, Level
from blocker.detect.report import KINDS

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
ERROR = {"$ref": "#/components/schemas/Error"}


def describe() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "unpixel",
            "version": "1",
            "description": "Judges a mail's remote references, and neutralises those that track its reader.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": {
            "/scan": {"post": _scan()},
            "/neutralise": {"post": _neutralise()},
            "/messages": {"get": _messages()},
            "/openapi.json": {"get": _openapi()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Report": _report(),
                "Recorded": _recorded(),
                "Reference": _reference(),
                "Error": _error(),
            },
        },
    }


def _scan() -> dict[str, Any]:
    return {
        "operationId": "scan",
        "summary": "Judge a message",
        "parameters": [_recipient()],
        "requestBody": _raw(),
        "responses": {"200": _json("The report", "Report"), **_errors(400, 401, 413, 415, 500, 503)},
    }


def _neutralise() -> dict[str, Any]:
    level = {
        "name": "level",
        "in": "query",
        "description": "What to neutralise; left out, what holds for the account and the sender.",
        "schema": {"type": "string", "enum": list(Level)},
    }
    account = {
        "name": "account",
        "in": "query",
        "description": f"Whose level and settings for senders hold; left out, `{DEFAULT_LEVEL}` and those for all accounts.",
        "schema": {"type": "string", "maxLength": 200},
    }
    answer = {
        "description": "The message, identical outside what was neutralised",
        "headers": {
            "Unpixel-Changed": {
                "description": "Whether anything was changed.",
                "schema": {"type": "string", "enum": ["true", "false"]},
            },
            "Unpixel-Level": {
                "description": "The level that held; `allow` where the sender's mail is left as it is.",
                "schema": {"type": "string", "enum": list(SETTINGS)},
            },
            "Unpixel-Note": {
                "description": "What was set for the sender, and whether and why it holds; what was not looked at.",
                "schema": TEXT,
            },
            "Unpixel-Refused": {"description": "Why the message was left as it came.", "schema": TEXT},
        },
        "content": {"message/rfc822": {"schema": {"type": "string", "contentEncoding": "binary"}}},
    }
    return {
        "operationId": "neutralise",
        "summary": "Neutralise a message",
        "parameters": [level, account, _recipient()],
        "requestBody": _raw(),
        "responses": {"200": answer, **_errors(400, 401, 413, 415, 500, 503)},
    }


def _messages() -> dict[str, Any]:
    wanted = {
        "name": "message_id",
        "in": "query",
        "required": True,
        "description": "The Message-ID, with or without its angle brackets.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 1000},
    }
    found = {
        "type": "object",
        "required": ["messages"],
        "properties": {"messages": {"type": "array", "items": {"$ref": "#/components/schemas/Recorded"}}},
    }
    return {
        "operationId": "messages",
        "summary": "What is known of a message",
        "parameters": [wanted],
        "responses": {
            "200": {
                "description": "One object for each place where the mail lies; none where it was never seen",
                "content": {"application/json": {"schema": found}},
            },
            **_errors(400, 401, 500, 503),
        },
    }


def _openapi() -> dict[str, Any]:
    answer = {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "operationId": "openapi",
        "summary": "This description",
        "responses": {"200": answer, **_errors(401)},
    }


def _recipient() -> dict[str, Any]:
    return {
        "name": "recipient",
        "in": "query",
        "description": "An address of the reader, to be looked for in URLs; may be given several times. "
        "Left out, the watched accounts' addresses are taken.",
        "schema": {"type": "array", "items": TEXT, "maxItems": 50},
        "style": "form",
        "explode": True,
    }


def _raw() -> dict[str, Any]:
    schema = {"type": "string", "contentEncoding": "binary"}
    return {"required": True, "content": {"message/rfc822": {"schema": schema}}}


def _json(description: str, schema: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _errors(*statuses: int) -> dict[str, Any]:
    meanings = {
        400: "Something is missing or wrong in the request",
        401: "No token, or one that is not known",
        413: "The message is too large",
        415: "The body is not message/rfc822",
        500: "A fault inside unpixel",
        503: "The catalogue cannot be read or written now",
    }
    return {str(status): _json(meanings[status], "Error") for status in statuses}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _error() -> dict[str, Any]:
    return _object({"error": _object({"code": TEXT, "message": TEXT})})


def _reference() -> dict[str, Any]:
    return _object(
        {
            "url": {"type": ["string", "null"], "description": "What a browser would fetch."},
            "raw": {"type": "string", "description": "The value as written, entities decoded."},
            "vector": TEXT,
            "element": TEXT,
            "part": TEXT,
            "span": {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2},
            "verdict": {"type": "string", "enum": list(KINDS)},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "vendor": {"type": ["string", "null"]},
            "reasons": {
                "type": "array",
                "items": _object({"rule": TEXT, "detail": TEXT, "weight": {"type": "number"}}),
            },
        }
    )


def _report() -> dict[str, Any]:
    envelope = ("source", "sha256", "message_id", "from", "from_domain", "to", "date", "subject")
    return _object(
        {
            "message": _object(dict.fromkeys(envelope, TEXT)),
            "references": {"type": "array", "items": {"$ref": "#/components/schemas/Reference"}},
            "receipts": {"type": "array", "items": _object({"header": TEXT, "value": TEXT})},
            "links": _object({"total": COUNT, "tracked": COUNT}),
            "signed": {"type": "boolean"},
            "unjudged": COUNT,
            "error": {"type": ["string", "null"]},
        }
    )


def _recorded() -> dict[str, Any]:
    more = _object(
        {
            "id": COUNT,
            "account": TEXT,
            "mailbox": TEXT,
            "uid": COUNT,
            "internal_date": {"type": "string", "format": "date-time"},
            "size": COUNT,
            "action": {"type": "string", "enum": list(ACTIONS)},
            "detail": TEXT,
            "view": {"type": ["object", "null"]},
        }
    )
    return {"allOf": [{"$ref": "#/components/schemas/Report"}, more]}
