"""Reading query parameters: each name has a reader, and everything that is wrong is reported together."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from rozoom_support.lib.refusals import NotFound
from tenancy.api.inputs import clip
from tenancy.api.problems import FieldError, Mistakes
from tenancy.api.times import read_instant

Reader = Callable[[str, list[str]], Any]


def read_parameters(request: Request, **readers: Reader) -> dict[str, Any]:
    """The parameters that were given, each as its reader makes it. Raises Mistakes."""
    values = {
        name: reader(name, request.query_params.getlist(name))
        for name, reader in readers.items()
        if name in request.query_params
    }
    mistakes = [value for value in values.values() if isinstance(value, FieldError)]
    if mistakes:
        raise Mistakes(mistakes)
    return values


def one(name: str, values: list[str]) -> str | FieldError:
    if len(values) > 1:
        return FieldError(name, "repeated_parameter", f"Give {name} once.")
    if not values[0].strip():
        return FieldError(name, "blank", f"{name} must not be empty.")
    if "\x00" in values[0] or len(values[0]) > 200:
        return FieldError(name, "bad_character", f"{name} must be text of at most 200 characters.")
    return values[0].strip()


def instant(name: str, values: list[str]) -> Any:
    text = one(name, values)
    return text if isinstance(text, FieldError) else read_instant(name, text)


def ids(name: str, values: list[str]) -> list[UUID] | FieldError:
    try:
        return [UUID(text) for text in split(values)] or FieldError(name, "blank", f"{name} must not be empty.")
    except ValueError:
        return FieldError(name, "wrong_type", f"{name} must be an id as we give it out (a UUID).")


def choices(known: Iterable[Any]) -> Reader:
    """Repeated or with commas, in any case: state=OPEN,waiting&state=new."""
    by_text = {str(value).lower(): value for value in known}

    def read(name: str, values: list[str]) -> list[Any] | FieldError:
        given = split(values)
        strangers = [text for text in given if text.lower() not in by_text]
        if strangers or not given:
            listed = ", ".join(str(value) for value in by_text.values())
            what = f"'{clip(strangers[0])}' is not one of those known" if strangers else f"{name} is empty"
            return FieldError(name, "not_a_choice", f"{what}. Known are: {listed}.")
        return [by_text[text.lower()] for text in given]

    return read


def texts(name: str, values: list[str]) -> list[str] | FieldError:
    given = split(values)
    if not given:
        return FieldError(name, "blank", f"{name} must not be empty.")
    wrong = next((error for text in given if isinstance(error := one(name, [text]), FieldError)), None)
    return wrong or given


def split(values: Sequence[str]) -> list[str]:
    return [text.strip() for value in values for text in value.split(",") if text.strip()]


def known_id(text: str) -> UUID:
    """An id in an address. What is none names nothing."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
