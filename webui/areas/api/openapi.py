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
    "type": "string",
    "description": "The ETag of what you have: where it is still so, the answer is 304.",
}
RETRY_AFTER = {"type": "string", "description": "Seconds after which to ask again."}
LOCATION = {"type": "string", "description": "Where the request is."}
COUNT = {"type": "integer", "minimum": 0}
_TYPES: Mapping[Type, Schema] = {
    "string": TEXT,
    "string or null": {"type": ["string", "null"]},
    "integer": COUNT,
    "integer or null": {"type": ["integer", "null"], "minimum": 0},
    "number": {"type": "number"},
    "number or null": {"type": ["number", "null"]},
    "boolean": {"type": "boolean"},
    "boolean or null": {"type": ["boolean", "null"]},
    "array of strings": {"type": "array", "items": TEXT},
    "array of two integers": {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2},
    "object": {"type": "object"},
    "object or null": {"type": ["object", "null"]},
}
"""What JSON Schema says of each type that has nothing inside."""
_CONVERTED: Mapping[str, Schema] = {
    "int": {"type": "integer", "minimum": 0},
    "string": {"type": "string", "minLength": 1, "maxLength": 200},
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
    if parameters := [*_in_path(rule), *_in_query(served), *_in_header(served, reads)]:
        found["parameters"] = parameters
    if served.body is not None:
        found["requestBody"] = {"required": served.needs_body, "content": _bodies(served.body)}
    found["security"] = [{"token": [served.scope]}] if served.scope else []
    found["responses"] = {
        str(served.answer.status): _answer(served.answer, _always(served, reads)),
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
    for name, schema in whole["properties"].items():
        # A parameter is left out, never null.
        found = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
        yield {
            "name": name,
            "in": "query",
            "required": name in whole.get("required", ()),
            "description": found.get("description", ""),
            "schema": _bare(found),
        }


def _in_header(served: Endpoint, reads: bool) -> Iterator[dict[str, Any]]:
    headers = {**served.headers, **({"If-None-Match": IF_NONE_MATCH} if reads else {})}
    for name, found in headers.items():
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "description": found["description"],
            "schema": _bare(found),
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
    if answer.links:
        found["links"] = {
            f"{operation} of {pointer}": {
                "operationId": operation,
                "parameters": {name: f"$response.body#{pointer}"},
            }
            for operation, name, pointer in answer.links
        }
    return found


def _always(served: Endpoint, reads: bool) -> dict[str, Schema]:
    """The fields of an answer that follow from what the endpoint is."""
    found: dict[str, Schema] = {"ETag": ETAG} if reads else {}
    return found | {"Location": LOCATION} if served.answer.status == 202 else found


def _bare(found: Schema) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in ("description", "default")}


def _problem(status: int) -> dict[str, Any]:
    later = {"Retry-After": {"description": RETRY_AFTER["description"], "schema": _bare(RETRY_AFTER)}}
    return {
        "description": MEANINGS[status],
        **({"headers": later} if status in (429, 503) else {}),
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
