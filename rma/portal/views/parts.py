"""One part with those before and after it: where each is, what covered it, and the returns between them."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from contracts.queries import component_for
from rma.lineage import Link, line_of
from rma.models import Rma
from rma.portal.doors import frame
from rma.portal.listing import Row, rows_of
from tenancy.pages import page


@require_safe
@page("rma:read")
def part(request: Any, component_id: UUID) -> HttpResponse:
    component = component_for(request.actor, component_id)
    links = [_shown(one, request.unit.now) for one in line_of(component)]
    return render(request, "rma/portal/part.html", {**frame(request), "component": component, "links": links})


def _shown(link: Link, now: Any) -> dict[str, Any]:
    def rows(found: list[Rma]) -> list[Row]:
        return rows_of(found, now)

    return {
        "link": link,
        "component": link.component,
        "came_with": next(iter(rows([link.came_with] if link.came_with else [])), None),
        "failed_in": rows(list(link.failed_in)),
    }
