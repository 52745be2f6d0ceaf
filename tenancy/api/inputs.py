"""Request bodies and query parameters: everything that is wrong is found and reported together, by name."""

from collections.abc import Iterable, Mapping
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
            param = prefix + str(name)
            if name in self.fields:
                field = self.fields[name]
                if isinstance(field, StrictSerializer) and isinstance(value, Mapping):
                    yield from field.strangers(value, f"{param}.")
            elif name in self.read_only_names:
                yield FieldError(param, "read_only", f"{param} follows from other things and can not be set.")
            else:
                yield FieldError(param, "unknown_field", f"There is no field {clip(param)}. Known are: {known}.")

    def mistakes(self) -> list[FieldError]:
        """Call after is_valid()."""
        found = list(self.strangers(self.initial_data))
        return found + list(_flatten(self.errors))


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


def read_body(shape: StrictSerializer) -> tuple[dict[str, Any], list[FieldError]]:
    """The fields that were right, and what was wrong with the others."""
    if not isinstance(shape.initial_data, Mapping):
        return {}, [NO_OBJECT]
    shape.is_valid()
    found = shape.mistakes()
    if not found:
        return shape.validated_data, []
    wrong = {error.param.partition(".")[0] for error in found}
    return {name: value for name, value in _fit(shape).items() if name not in wrong}, found


def _fit(shape: StrictSerializer) -> dict[str, Any]:
    """Fields that can be read although others can not, so that their mistakes are reported with the rest."""
    fit = {}
    for name, field in shape.fields.items():
        if name in shape.initial_data:
            try:
                fit[name] = field.run_validation(shape.initial_data[name])
            except serializers.ValidationError:
                continue
    return fit


def valid_body(shape: StrictSerializer) -> dict[str, Any]:
    values, found = read_body(shape)
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
