"""Whether an answer is what the API's description says it is."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse


def unfit(document: dict[str, Any], method: str, path: str, answer: TestResponse) -> list[str]:
    """Where an answer's JSON is not what the description says of this status of an operation."""
    content = document["paths"][path][method]["responses"][str(answer.status_code)]["content"]
    return mismatches(document, content[answer.mimetype]["schema"], answer.get_json())


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without its reference."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def mismatches(document: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "$") -> list[str]:
    """Where a value is not what a schema says: types, enumerations, and keys in both directions."""
    schema = resolve(document, schema)
    if "anyOf" in schema:
        return min((mismatches(document, one, value, at) for one in schema["anyOf"]), key=len)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    python = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    if not any(isinstance(value, python[kind]) for kind in kinds):  # type: ignore[arg-type]
        return [f"{at} is a {type(value).__name__}, not {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at} is {value!r}, none of {schema['enum']}"]
    found: list[str] = []
    if isinstance(value, dict) and "properties" in schema:
        found += [f"{at}.{key}" for key in set(value) ^ set(schema["properties"])]
        for key in set(value) & set(schema["properties"]):
            found += mismatches(document, schema["properties"][key], value[key], f"{at}.{key}")
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            found += mismatches(document, schema["items"], item, f"{at}[{number}]")
    return found
