"""Request bodies and query parameters: everything that is wrong is found and reported together, by name."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from tenancy.api.problems import FieldError, Mistakes

# DRF's and Django's names for what can be wrong with a field, and ours.
CODES = {
    "required": "required",
    "null": "wrong_type",
    "blank": "blank",
    "invalid": "wrong_type",
    "max_length": "too_long",
    "max_bytes": "too_long",
    "invalid_choice": "not_a_choice",
    "bad_character": "bad_character",
    "unstorable": "bad_character",
}
NO_OBJECT = FieldError("", "wrong_type", "The body must be a JSON object.")


class StrictSerializer(serializers.Serializer):
    """The shape of a body. A field that is not declared is refused; `read_only_names` are told apart from typing errors."""

    read_only_names: frozenset[str] = frozenset()
    default_error_messages = {  # noqa: RUF012 - DRF's own way to say it
        "required": "is missing.",
        "null": "must not be null.",
        "invalid": "must be an object.",
    }

    def strangers(self, data: Mapping[str, Any], prefix: str = "") -> Iterable[FieldError]:
        known = ", ".join(self.fields)
        for name, value in data.items():
            param = printable(prefix + str(name))
            if name in self.fields:
                field = self.fields[name]
                if isinstance(field, StrictSerializer) and isinstance(value, Mapping):
                    yield from field.strangers(value, f"{param}.")
            elif name in self.read_only_names:
                yield FieldError(param, "read_only", f"{param} follows from other things and can not be set.")
            else:
                yield FieldError(param, "unknown_field", f"There is no field {clip(param)}. Known are: {known}.")


@cache
def _judge(shape: type[StrictSerializer]) -> StrictSerializer:
    """One for all requests: making one copies every field, and judging writes nothing into it."""
    judge = shape()
    judge._writable_fields  # noqa: B018 - bound now, while nobody else looks
    return judge


def printable(name: str) -> str:
    """JSON can write half a character ("\\ud800"), which no answer can carry."""
    return name.encode("utf-8", "replace").decode()


def clip(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:60]}…"


def _flatten(errors: Any, param: str = "") -> Iterable[FieldError]:
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            yield from _flatten(inner, param if name == "non_field_errors" else f"{param}.{name}".lstrip("."))
        return
    for error in errors:
        if isinstance(error, ErrorDetail):
            yield FieldError(param, CODES.get(str(error.code), "wrong_type"), f"{param} {error}".strip())
        else:
            yield from _flatten(error, param)


def read_body(shape: type[StrictSerializer], data: Any) -> tuple[dict[str, Any], list[FieldError]]:
    """The fields that were right, and what was wrong with the others."""
    if not isinstance(data, Mapping):
        return {}, [NO_OBJECT]
    judge = _judge(shape)
    found = list(judge.strangers(data))
    try:
        values = judge.run_validation(data)
    except serializers.ValidationError as error:
        found += _flatten(error.detail)
        values = _fit(judge, data)
    wrong = {error.param.partition(".")[0] for error in found}
    return {name: value for name, value in values.items() if name not in wrong}, found


def _fit(judge: StrictSerializer, data: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that can be read although others can not, so that what they name is looked up and reported with the rest."""
    fit = {}
    for name, field in judge.fields.items():
        if name in data:
            with suppress(serializers.ValidationError):
                fit[name] = field.run_validation(data[name])
    return fit


def valid_body(shape: type[StrictSerializer], data: Any) -> dict[str, Any]:
    values, found = read_body(shape, data)
    if found:
        raise Mistakes(found)
    return values


def refuse_unknown_parameters(request: Request, known: Iterable[str]) -> None:
    strangers = sorted(set(request.query_params) - set(known))
    if not strangers:
        return
    listed = ", ".join(sorted(known)) or "none"
    raise Mistakes(
        FieldError(name, "unknown_parameter", f"There is no parameter {clip(name)} here. Known are: {listed}.")
        for name in strangers
    )
