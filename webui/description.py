"""The plugin door's description, as OpenAPI 3.1. A test keeps it equal to the routes; what it says of a report is
made from the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blocker.catalogue.values import ACTIONS
from blocker.choices.levels import DEFAULT_LEVEL, SETTINGS, Level
from blocker.detect.contract import REFERENCE, REPORT, Key, Keys, Type
from blocker.detect.report import KINDS

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
_TYPES: Mapping[Type, Mapping[str, Any]] = {
    "string": TEXT,
    "string or null": {"type": ["string", "null"]},
    "integer": COUNT,
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "array of two integers": {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2},
}
"""What JSON Schema says of each type that has nothing inside."""
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
    found = schema(REFERENCE)
    found["properties"]["verdict"]["enum"] = list(KINDS)
    return found


def _report() -> dict[str, Any]:
    found = schema(REPORT)
    found["properties"]["references"]["items"] = {"$ref": "#/components/schemas/Reference"}
    return found


def schema(keys: Keys) -> dict[str, Any]:
    """The JSON Schema of an object with these keys."""
    return _object({key.name: _key(key) for key in keys})


def _key(key: Key) -> dict[str, Any]:
    said = {"description": key.meaning, **key.bounds}
    if not key.inside:
        return {**_TYPES[key.type], **said}
    inside = schema(key.inside)
    return {"type": "array", "items": inside, **said} if key.type == "array" else {**inside, **said}


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
