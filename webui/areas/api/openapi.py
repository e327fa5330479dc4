"""The API's description, as OpenAPI 3.1, made of the endpoints that the application serves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from inspect import getdoc
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from blocker.detect.contract import Key, Keys, Type
from webui.areas.api.answers import NAMED
from webui.areas.api.door import Answer, Endpoint, Schema, blueprint, schema_of
from webui.errors import MEANINGS, MEDIA_TYPE

TEXT = {"type": "string"}
TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "What an operation needs is the scope that stands with it.",
}
ETAG = {"type": "string", "description": "Names this state of what was asked for."}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what you have: where it is still so, the answer is 304.",
    "schema": TEXT,
}
COUNT = {"type": "integer", "minimum": 0}
_TYPES: Mapping[Type, Schema] = {
    "string": TEXT,
    "string or null": {"type": ["string", "null"]},
    "integer": COUNT,
    "number": {"type": "number"},
    "number or null": {"type": ["number", "null"]},
    "boolean": {"type": "boolean"},
    "boolean or null": {"type": ["boolean", "null"]},
    "array of strings": {"type": "array", "items": TEXT},
    "array of two integers": {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2},
    "object or null": {"type": ["object", "null"]},
}
"""What JSON Schema says of each type that has nothing inside."""
_CONVERTED: Mapping[str, Schema] = {
    "int": {"type": "integer", "minimum": 0},
    "name": {"type": "string", "minLength": 1, "maxLength": 253},
}
"""What JSON Schema says of each of the converters of Flask's that stand in addresses."""


def describe(app: Flask) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for path, method, rule, served in endpoints(app):
        paths.setdefault(path, {})[method] = _operation(rule, served)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "unpixel",
            "version": "1",
            "description": "Judges a mail's remote references, and neutralises those that track its reader.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": TOKEN},
            "schemas": {name: schema(keys) for name, keys in NAMED.items()},
        },
    }


def endpoints(app: Flask) -> Iterator[tuple[str, str, Rule, Endpoint]]:
    """Path, method, and what is served there, in the order in which they were written."""
    for rule in app.url_map.iter_rules():
        served = app.view_functions[rule.endpoint]
        if isinstance(served, Endpoint):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(str(blueprint.url_prefix)))
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield path, method.lower(), rule, served


def said(served: Endpoint) -> tuple[str, str]:
    """What an endpoint does: in a line, and what else there is to say."""
    first, _, more = (getdoc(served.view) or "").partition("\n\n")
    return first.rstrip("."), more


def _operation(rule: Rule, served: Endpoint) -> dict[str, Any]:
    summary, more = said(served)
    found: dict[str, Any] = {"operationId": rule.endpoint.rpartition(".")[2], "summary": summary}
    if more:
        found["description"] = more
    reads = "GET" in (rule.methods or ())
    if parameters := [*_in_path(rule), *_in_query(served), *([IF_NONE_MATCH] if reads else [])]:
        found["parameters"] = parameters
    if served.body is not None:
        found["requestBody"] = {"required": True, "content": _bodies(served.body)}
    found["security"] = [{"token": [served.scope]}]
    found["responses"] = {
        str(served.answer.status): _answer(served.answer, {"ETag": ETAG} if reads else {}),
        **({"304": {"description": "It is as the one whose ETag was sent"}} if reads else {}),
        **{str(status): _problem(status) for status in served.statuses},
    }
    return found


def _in_path(rule: Rule) -> Iterator[dict[str, Any]]:
    for converter, name in re.findall(r"<(?:(\w+):)?(\w+)>", rule.rule):
        yield {"name": name, "in": "path", "required": True, "schema": _CONVERTED.get(converter, TEXT)}


def _in_query(served: Endpoint) -> Iterator[dict[str, Any]]:
    if served.query is None:
        return
    whole = schema_of(served.query)
    for name, found in whole["properties"].items():
        said_of = {key: value for key, value in found.items() if key != "description"}
        yield {
            "name": name,
            "in": "query",
            "required": name in whole.get("required", ()),
            "description": found.get("description", ""),
            "schema": said_of,
        }


def _bodies(body: type[Any] | Mapping[str, Schema]) -> dict[str, Any]:
    if isinstance(body, type):
        return {"application/json": {"schema": schema_of(body)}}
    return {media: {"schema": found} for media, found in body.items()}


def _answer(answer: Answer, more: Mapping[str, Schema]) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.meaning}
    if headers := {**answer.headers, **more}:
        found["headers"] = {
            name: {"description": said_of["description"], "schema": _bare(said_of)}
            for name, said_of in headers.items()
        }
    content = {media: {"schema": said_of} for media, said_of in answer.others.items()}
    if answer.short:
        content["application/json"] = {"schema": {"anyOf": [_named(answer.keys), _named(answer.short)]}}
    elif answer.keys:
        content["application/json"] = {"schema": _named(answer.keys)}
    if content:
        found["content"] = content
    return found


def _bare(found: Schema) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "description"}


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": MEANINGS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def schema(keys: Keys) -> dict[str, Any]:
    """The JSON Schema of an object with these keys."""
    return {
        "type": "object",
        "required": [key.name for key in keys],
        "properties": {key.name: _key(key) for key in keys},
    }


def _key(key: Key) -> dict[str, Any]:
    more = {"description": key.meaning, **key.bounds}
    if not key.inside:
        return {**_TYPES[key.type], **more}
    inside = _named(key.inside)
    if key.type == "object or null":
        return {"anyOf": [inside, {"type": "null"}], **more}
    return {"type": "array", "items": inside, **more} if key.type == "array" else {**inside, **more}


def _named(keys: Keys) -> dict[str, Any]:
    """An object by its name in the document, where it has one."""
    for name, known in NAMED.items():
        if known is keys:
            return {"$ref": f"#/components/schemas/{name}"}
    return schema(keys)
