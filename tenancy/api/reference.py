"""The OpenAPI description as people read it: one part for each address and method, one for each object."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FORMATS = {
    "date-time": "instant",
    "uuid": "id",
    "uri": "address",
    "date": "date",
    "binary": "bytes",
    "double": "number",
}
WORDS = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "object": "object",
    "number": "number",
}


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    object: str  # the name of an object described below, or ""
    required: bool
    words: str


@dataclass(frozen=True)
class Refusal:
    status: str
    words: str
    codes: list[str]


@dataclass(frozen=True)
class Operation:
    id: str
    tag: str
    method: str
    path: str
    summary: str
    words: str
    scopes: list[str]
    parameters: list[tuple[str, Field]]  # where: path, query or header
    bodies: list[tuple[str, list[Field]]]  # media type, fields
    request_example: str
    status: str
    answer: str  # the name of the object
    is_page: bool
    answer_example: str
    refusals: list[Refusal]


@dataclass(frozen=True)
class Shape:
    name: str
    words: str
    fields: list[Field]


def operations(description: dict[str, Any]) -> list[Operation]:
    """In the order of the tags; within one, shorter addresses first."""
    order = [tag["name"] for tag in description["tags"]]
    found = [
        _operation(description, path, method, one)
        for path, methods in description["paths"].items()
        for method, one in methods.items()
    ]
    return sorted(found, key=lambda one: (order.index(one.tag), one.path.count("/"), one.path, one.method))


def shapes(description: dict[str, Any]) -> list[Shape]:
    """Objects of answers. Bodies stand with their addresses, pages are alike."""
    return [
        Shape(name, schema.get("description", ""), list(_fields(description, {**schema, "required": []})))
        for name, schema in sorted(description["components"]["schemas"].items())
        if is_object(name, schema)
    ]


def is_object(name: str, schema: dict[str, Any]) -> bool:
    is_body = schema.get("additionalProperties") is False and name != "ImpactBody"
    return schema.get("type") == "object" and not is_body and not name.endswith(("Page", "Form"))


def _operation(description: dict[str, Any], path: str, method: str, one: dict[str, Any]) -> Operation:
    status = next(status for status in one["responses"] if status.startswith("2"))
    content = one["responses"][status].get("content", {})
    answer: dict[str, Any] = next(iter(content.values()), {})
    name = _name(answer.get("schema", {}))
    bodies = one.get("requestBody", {}).get("content", {})
    return Operation(
        id=one["operationId"],
        tag=one["tags"][0],
        method=method.upper(),
        path=path,
        summary=one["summary"],
        words=one["description"] if one["description"] != one["summary"] else "",
        scopes=one["security"][0]["token"],
        parameters=[(given["in"], _parameter(description, given)) for given in one.get("parameters", [])],
        bodies=[
            (kind, list(_fields(description, resolve(description, body["schema"])))) for kind, body in bodies.items()
        ],
        request_example=_example(bodies.get("application/json", {})),
        status=status,
        answer=name.removesuffix("Page"),
        is_page=name.endswith("Page"),
        answer_example=_example(answer),
        refusals=[_refusal(description, status, refused) for status, refused in _refused(one)],
    )


def _refused(one: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((status, response) for status, response in sorted(one["responses"].items()) if status >= "300")


def _refusal(description: dict[str, Any], status: str, response: dict[str, Any]) -> Refusal:
    if "$ref" in response:
        response = description["components"]["responses"][_name(response)]
    words, _, codes = response["description"].partition(" Codes: ")
    return Refusal(status, words, re.findall(r"`(\w+)`", codes))


def _parameter(description: dict[str, Any], given: dict[str, Any]) -> Field:
    return _field(
        description,
        given["name"],
        {**given["schema"], "description": given.get("description", "")},
        given.get("required", False),
    )


def _fields(description: dict[str, Any], schema: dict[str, Any]) -> Iterator[Field]:
    needed = schema.get("required", [])
    for name, inner in schema.get("properties", {}).items():
        yield _field(description, name, inner, name in needed)


def _field(description: dict[str, Any], name: str, schema: dict[str, Any], required: bool) -> Field:
    words = schema.get("description", "")
    type_words, shape = type_of(description, schema)
    return Field(name, type_words, shape, required, words)


def type_of(description: dict[str, Any], schema: dict[str, Any]) -> tuple[str, str]:
    """In words, and the name of the object when it is one."""
    if "$ref" in schema:
        return _type_of_name(description, _name(schema))
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            types = [type_of(description, one) for one in schema[several]]
            return " or ".join(words for words, _ in types), next((shape for _, shape in types if shape), "")
    if schema.get("type") == "array":
        inner, shape = type_of(description, schema["items"])
        return f"list of {inner}", shape
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"]), ""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    plain = FORMATS.get(schema.get("format", ""), "")
    return " or ".join("null" if kind == "null" else plain or WORDS[kind] for kind in kinds), ""


def _type_of_name(description: dict[str, Any], name: str) -> tuple[str, str]:
    schema = description["components"]["schemas"][name]
    return (name, name) if is_object(name, schema) else type_of(description, schema)


def resolve(description: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return description["components"]["schemas"][_name(schema)] if "$ref" in schema else schema


def _name(schema: dict[str, Any]) -> str:
    return schema.get("$ref", "").rpartition("/")[2]


def _example(content: dict[str, Any]) -> str:
    examples = content.get("examples", {})
    return "\n".join(json.dumps(one["value"], indent=2, ensure_ascii=False) for one in list(examples.values())[:1])
