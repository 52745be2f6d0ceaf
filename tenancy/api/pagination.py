"""Cursor pages by key, never by offset: a page costs the same whether it is the first or the thousandth, and none repeats.

A cursor holds the last row's place in the order and is signed, so that only one we gave out is followed. It never holds a
number that would tell one tenant how busy the others are: rows are named as the answers name them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import F, Q, QuerySet
from rest_framework.request import Request

from tenancy.api.problems import mistake

PARAMETERS = ("cursor", "page_size")


@dataclass(frozen=True)
class Order:
    """`column` first, then the key. `mark` names a row in the cursor: (value of the column, public name of the row);
    `key` finds the row's key again from that name, as a value or as a subquery."""

    name: str
    column: str
    mark: Callable[[Any], tuple[Any, str]]
    key: Callable[[str], Any] = str
    descending: bool = False
    nulls_last: bool = False


class Place(NamedTuple):
    """Where a page begins: after (or, going back, before) this row."""

    value: Any
    name: str
    back: bool


def paginate(
    request: Request, rows: QuerySet, order: Order, fetch: Callable[[QuerySet], list[Any]] = list
) -> dict[str, Any]:
    """{"next", "previous", "results"}; the results are rows still to be written out."""
    size = page_size(request)
    place = read_cursor(request, order)
    back = place is not None and place.back
    found = fetch(_window(rows, order, place)[: size + 1])
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    return {
        "next": _link(request, order, found[-1], back=False) if found and (more or back) else None,
        "previous": _link(request, order, found[0], back=True) if found and (more if back else place) else None,
        "results": found,
    }


def page_size(request: Request) -> int:
    most = settings.LIMITS["page_size_max"]
    given = request.query_params.get("page_size")
    if given is None:
        return settings.LIMITS["page_size"]
    if not (given.isascii() and given.isdigit() and len(given) < 5 and 1 <= int(given) <= most):
        raise mistake("page_size", "wrong_type", f"page_size must be a number from 1 to {most}.")
    return int(given)


def _window(rows: QuerySet, order: Order, place: Place | None) -> QuerySet:
    descending = order.descending != (place is not None and place.back)
    if place is not None:
        rows = rows.filter(_beyond(order, place, descending))
    column: Any = F(order.column)
    by = column.desc if descending else column.asc
    nulls = {} if not order.nulls_last else {"nulls_first" if place is not None and place.back else "nulls_last": True}
    return rows.order_by(by(**nulls), "-pk" if descending else "pk")


def _beyond(order: Order, place: Place, descending: bool) -> Q:
    """Rows after the place. The outer bound is redundant: it is what an index can be entered by."""
    sign, key = "lt" if descending else "gt", order.key(place.name)
    after_key = Q(**{f"pk__{sign}": key})
    if place.value is None:
        rest = Q(**{f"{order.column}__isnull": True}) & after_key
        return rest | Q(**{f"{order.column}__isnull": False}) if place.back else rest
    bound = Q(**{f"{order.column}__{sign}e": place.value})
    beyond = bound & (Q(**{f"{order.column}__{sign}": place.value}) | after_key)
    if order.nulls_last and not place.back:
        beyond |= Q(**{f"{order.column}__isnull": True})
    return beyond


def _signer(request: Request) -> Signer:
    """A cursor works for the organisation it was given to."""
    return Signer(salt=f"api.cursor.{request._request.actor.organisation_id}")  # type: ignore[attr-defined]


def read_cursor(request: Request, order: Order) -> Place | None:
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return None
    try:
        name, value, row, back = _signer(request).unsign_object(cursor)
    except (BadSignature, ValueError, TypeError):
        raise _bad_cursor("This cursor is not one we gave out. Follow next and previous as they are.") from None
    if name != order.name:
        raise _bad_cursor("This cursor belongs to another list or another ordering. Begin again without it.")
    return Place(datetime.fromisoformat(value) if value and order.column.endswith("_at") else value, row, back)


def _bad_cursor(words: str) -> Exception:
    return mistake("cursor", "bad_cursor", words)


def _link(request: Request, order: Order, row: Any, *, back: bool) -> str:
    value, name = order.mark(row)
    plain = value.isoformat() if isinstance(value, datetime) else value
    cursor = _signer(request).sign_object([order.name, plain, name, back])
    kept = [(key, one) for key, values in request.query_params.lists() if key != "cursor" for one in values]
    return request.build_absolute_uri(f"{request.path}?{urlencode([*kept, ('cursor', cursor)])}")
