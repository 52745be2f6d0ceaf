"""What these doors share: they are roZoom's alone, and tables are changed row by row."""

from collections.abc import Iterable, Sequence
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpResponse

from rozoom_support.lib.refusals import NotFound
from rozoom_support.lib.ui.templatetags.ui import first_id
from tenancy.pages import View


def for_rozoom(view: View) -> View:
    """The desk is open to resellers too. For them these pages are not there."""

    @wraps(view)
    def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.actor.is_operator:
            raise NotFound
        return view(request, *args, **kwargs)

    return door


def errors_of(rows: Sequence[forms.Form], word: str, besides: Iterable[forms.Form] = ()) -> list[dict[str, str]]:
    """For the summary: what is wrong with the form first, then row by row. Empty for what was not judged."""
    found = [error for form in besides for error in _errors(form, "")]
    return found + [error for place, row in enumerate(rows, 1) for error in _errors(row, f"{word} {place}: ")]


def _errors(form: forms.Form, before: str) -> list[dict[str, str]]:
    if not form.is_bound:
        return []
    above = [{"message": f"{before}{words}", "target": ""} for words in form.non_field_errors()]
    at_fields = [(field, words) for field in form for words in field.errors]
    return above + [{"message": f"{before}{words}", "target": first_id(field)} for field, words in at_fields]
