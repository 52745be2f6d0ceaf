"""CSV for people with spreadsheets: UTF-8 that they recognise, and no text that they would run."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> str:
    """A text that a spreadsheet would run as a formula is kept a text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_download(
    name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]], *, is_ours: bool = False
) -> HttpResponse:
    """`name` is ours, in small letters and dashes. `is_ours`: so are the rows, and they are written as they are."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff")  # so that a spreadsheet reads UTF-8
    writer = csv.writer(response)
    writer.writerow(heading)
    writer.writerows(rows if is_ours else ([cell(value) for value in row] for row in rows))
    return response
