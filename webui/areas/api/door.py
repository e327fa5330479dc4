"""What an endpoint takes and gives, said once beside its function: requests are read by it, and it is the description.

What comes in is a msgspec `Struct`, which checks a request and tells its own JSON Schema. What goes out are rows of
`Key`, as in the report's contract, of which the manual's tables are made too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

import msgspec
from flask import Blueprint, Response, request

from blocker.detect.contract import Keys
from webui.access import Means, Scope, needs, public
from webui.errors import Problem
from webui.site import site

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

Schema = Mapping[str, Any]
View = Callable[..., Response]
Given = TypeVar("Given", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint gives where all went well."""

    meaning: str
    keys: Keys = ()
    """Of its JSON object; empty where it gives no JSON."""
    short: Keys = ()
    """Of the object in its place where `detail=summary` is asked for."""
    others: Mapping[str, Schema] = field(default_factory=dict)
    """Further media types, each with its schema."""
    headers: Mapping[str, Schema] = field(default_factory=dict)
    status: int = 200
    links: tuple[tuple[str, str, str], ...] = ()
    """What can be asked for next: an operation, its parameter, and where in this object its value stands."""


@dataclass(eq=False)
class Endpoint:
    """One method of one address. Called by Flask, it reads the request and calls its function.

    What is read has an ETag, so that a program that has it already is told so alone (RFC 9110, 13.1.2).
    """

    view: View
    scope: Scope | None
    """What it needs; None where it answers everybody."""
    answer: Answer
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | Mapping[str, Schema] | None = None
    """A JSON object that is read before the function is called, or media types that the function reads itself."""
    problems: tuple[int, ...] = ()
    """Statuses of errors that are its own; those that follow from what it takes are not named."""
    headers: Mapping[str, Schema] = field(default_factory=dict)
    """Fields of the request that it looks at."""

    def __call__(self, **path: Any) -> Response:
        """Answer one request. Raises Problem where it does not fit."""
        if wait := site().rates.wait(request.headers.get("Authorization", request.remote_addr or "")):
            raise Problem(429, "too_many_requests", f"That is too often: ask again in {wait} s.", wait)
        given = {name: storable(value) for name, value in path.items()}
        if self.query is not None:
            given["query"] = read_query(self.query)
        if isinstance(self.body, type):
            given["body"] = self.body() if self._left_out() else read_json(self.body)
        response = self.view(**given)
        if request.method == "GET" and response.status_code == 200 and not response.is_streamed:
            response.add_etag()
            response.make_conditional(request)
        return response

    @property
    def needs_body(self) -> bool:
        """Whether a request has a body: an object in which nothing must stand can be left out."""
        return not isinstance(self.body, type) or bool(schema_of(self.body).get("required"))

    def _left_out(self) -> bool:
        return not self.needs_body and request.content_length in (None, 0)

    @property
    def statuses(self) -> tuple[int, ...]:
        """Of all the errors that it may answer with."""
        found = {401, 403, 429, 500, 503, *self.problems}
        if self.query is not None or self.body is not None:
            found.add(400)
        if self.query is not None:
            found.add(431)
        if self.body is not None:
            found |= {413, 415}
        return tuple(sorted(found))


def endpoint(
    method: str,
    rule: str,
    scope: Scope | None,
    answer: Answer,
    *,
    query: type[msgspec.Struct] | None = None,
    body: type[msgspec.Struct] | Mapping[str, Schema] | None = None,
    problems: tuple[int, ...] = (),
    headers: Mapping[str, Schema] | None = None,
    means: Means | None = None,
) -> Callable[[View], View]:
    """Serve a function at an address to who has a scope, or to everybody where there is none: its name names the operation, its docstring tells what it does."""

    def serve(view: View) -> View:
        made = Endpoint(view, scope, answer, query, body, problems, headers or {})
        served = public(made) if scope is None else needs(scope, means)(made)
        blueprint.add_url_rule(rule, view.__name__, served, methods=[method])
        return view

    return serve


def read_query(kind: type[Given]) -> Given:
    """The parameters of this request's address. Raises Problem where one is unknown, given twice, or does not fit."""
    given: dict[str, Any] = {}
    for name, values in request.args.lists():
        if name in _lists(kind):
            given[name] = [storable(value) for value in values]
        elif len(values) > 1:
            raise Problem(400, "bad_request", f"Give the parameter {name!r} once.")
        elif values == ["null"] and name in _optional(kind):
            raise Problem(400, "bad_request", f"Leave the parameter {name!r} out.")
        else:
            given[name] = storable(values[0])
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Problem(400, "bad_request", f"The address does not fit: {error}.") from error


def read_json(kind: type[Given]) -> Given:
    """The JSON object that this request's body is. Raises Problem where it is none, or does not fit."""
    if request.mimetype != "application/json":
        raise Problem(
            415, "unsupported_media_type", "Send a JSON object with `Content-Type: application/json`."
        )
    return json_as(kind, request.get_data(cache=False))


def json_as(kind: type[Given], text: bytes) -> Given:
    """A JSON text as an object of a kind. Raises Problem where it is none, or does not fit."""
    try:
        given = json.loads(text.decode("utf-8"), parse_float=_number, parse_constant=_no_number)
        return msgspec.convert(given, kind)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise Problem(400, "bad_request", f"The body does not fit: {error}.") from error


def _number(text: str) -> float | int:
    """A number of JSON: 3.0 is an integer there (JSON Schema, 6.1.1), which msgspec takes for none."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of an object that comes in, whole in itself."""
    (_, named) = msgspec.json.schema_components([kind], ref_template="{name}")
    schema: dict[str, Any] = _whole(named[kind.__name__], named)
    return schema


def _whole(schema: Any, named: Mapping[str, Any]) -> Any:
    """A schema with what it refers to in its place, and without the names that Python has for it."""
    if isinstance(schema, list):
        return [_whole(one, named) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _whole(named[schema["$ref"]], named) | {k: v for k, v in schema.items() if k != "$ref"}
    bare = {k: v for k, v in schema.items() if k != "title" and (k != "description" or "title" not in schema)}
    return {k: _whole(v, named) for k, v in bare.items()}


@lru_cache(maxsize=64)
def _lists(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The parameters that may be given several times."""
    properties = schema_of(kind)["properties"]
    return frozenset(name for name, schema in properties.items() if schema.get("type") == "array")


@lru_cache(maxsize=64)
def _optional(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The parameters of which msgspec would take the word null for none."""
    return frozenset(name for name, schema in schema_of(kind)["properties"].items() if "anyOf" in schema)


def storable(value: Any) -> Any:
    """A text that every database takes (PostgreSQL has no NUL); anything else as it is."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
