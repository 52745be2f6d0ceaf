"""Components and sites, to choose from when a ticket is filed."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from contracts import queries
from contracts.api.shapes import (
    COMPONENT_COLUMNS,
    SITE_COLUMNS,
    ComponentShape,
    CoverageShape,
    EntitlementShape,
    SiteShape,
    write_component,
    write_coverage,
    write_entitlement,
    write_site,
)
from contracts.coverage import entitlement_facts, rows_of
from contracts.entitlement import decide, support
from contracts.models import Component
from contracts.voiding.queries import holding
from rozoom_support.lib.refusals import NotFound
from tenancy.api.filters import choices, ids, instant, known_id, one, read_parameters, texts
from tenancy.api.idempotency import json_response
from tenancy.api.pagination import Order, paginate
from tenancy.api.schema import CURSOR, operation, page_of, query
from tenancy.api.views import ApiView, actor_of, now_of

BY_ID = Order("id", "id", mark=lambda row: (str(row.id), str(row.id)))
CUSTOMER = query("customer", "The code of a customer, such as ACME. Repeat it, or use commas, for several.")
INSTANT = {"type": "string", "format": "date-time"}
AT = query("at", "Any instant, also a past one; now when left out.", INSTANT)


class Components(ApiView):
    tag = "Components and sites"
    capabilities: ClassVar = {"GET": ("component:read",)}
    parameters: ClassVar = ("customer", "site", "product", "serial", "state")
    paged = True

    @operation(
        id_="list_components",
        summary="List components",
        answer=page_of(ComponentShape, "ComponentPage"),
        parameters=[
            CUSTOMER,
            query("site", "The id of a site.", UUID),
            query("product", "The SKU of a product."),
            query("serial", "What stands on the label, however it is typed."),
            query("state", "IN_USE, REPLACED, RETURNED or RETIRED.", enum=Component.State.values),
            *CURSOR,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        asked = read_parameters(
            request,
            customer=texts,
            site=ids,
            product=one,
            serial=one,
            state=choices(Component.State.values),
        )
        rows = queries.matching_components(actor_of(request), **asked)
        return listed(request, rows.values_list(*COMPONENT_COLUMNS, named=True), write_component)


class OneComponent(ApiView):
    tag = "Components and sites"
    capabilities: ClassVar = {"GET": ("component:read",)}

    @operation(id_="read_component", summary="Read a component", answer=ComponentShape, problems=[404])
    def get(self, request: Request, id: str) -> HttpResponse:
        rows = queries.matching_components(actor_of(request), pk=known_id(id))
        return found(rows.values_list(*COMPONENT_COLUMNS, named=True), write_component)


class CoverageList(ApiView):
    tag = "Components and sites"
    capabilities: ClassVar = {"GET": ("component:read",)}
    parameters: ClassVar = ("customer", "site", "product", "serial", "at")
    paged = True

    @operation(
        id_="list_coverage",
        summary="List what covers each component",
        answer=page_of(CoverageShape, "CoveragePage"),
        parameters=[
            CUSTOMER,
            query("site", "The id of a site.", UUID),
            query("product", "The SKU of a product."),
            query("serial", "What stands on the label, however it is typed."),
            AT,
            *CURSOR,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        asked = read_parameters(request, customer=texts, site=ids, product=one, serial=one, at=instant)
        at = asked.pop("at", None) or now_of(request)
        components = queries.matching_components(actor_of(request), state=[Component.State.IN_USE], **asked)
        page = paginate(request, components.for_list().select_related("customer"), BY_ID)
        voids = holding([one.pk for one in page["results"]], at)
        rows = rows_of(page["results"], at)
        return json_response({**page, "results": [write_coverage(row, voids.get(row.component.pk)) for row in rows]})


class Entitlement(ApiView):
    tag = "Components and sites"
    capabilities: ClassVar = {"GET": ("component:read",)}
    parameters: ClassVar = ("at", "reported_at")

    @operation(
        id_="read_entitlement",
        summary="Decide what a failure of a component is entitled to",
        answer=EntitlementShape,
        parameters=[AT, query("reported_at", "When the failure was reported; as `at` when left out.", INSTANT)],
        problems=[404],
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        asked = read_parameters(request, at=instant, reported_at=instant)
        at = asked.get("at") or now_of(request)
        reported_at = asked.get("reported_at", at)
        component = queries.matching_components(actor_of(request), pk=known_id(id)).for_list().first()
        if component is None:
            raise NotFound
        facts = entitlement_facts(component, at, reported_at=reported_at)
        shown = write_entitlement(component, facts, at, support(facts, reported_at), decide(facts, at))
        return json_response(shown)


class Sites(ApiView):
    tag = "Components and sites"
    capabilities: ClassVar = {"GET": ("component:read",)}
    parameters: ClassVar = ("customer",)
    paged = True

    @operation(
        id_="list_sites", summary="List sites", answer=page_of(SiteShape, "SitePage"), parameters=[CUSTOMER, *CURSOR]
    )
    def get(self, request: Request) -> HttpResponse:
        rows = queries.matching_sites(actor_of(request), **read_parameters(request, customer=texts))
        return listed(request, rows.values_list(*SITE_COLUMNS, named=True), write_site)


class OneSite(ApiView):
    tag = "Components and sites"
    capabilities: ClassVar = {"GET": ("component:read",)}

    @operation(id_="read_site", summary="Read a site", answer=SiteShape, problems=[404])
    def get(self, request: Request, id: str) -> HttpResponse:
        rows = queries.matching_sites(actor_of(request), pk=known_id(id))
        return found(rows.values_list(*SITE_COLUMNS, named=True), write_site)


def listed(request: Request, rows: QuerySet, write: Any) -> HttpResponse:
    page = paginate(request, rows, BY_ID)
    return json_response({**page, "results": [write(row) for row in page["results"]]})


def found(rows: QuerySet, write: Any) -> HttpResponse:
    row = rows.first()
    if row is None:
        raise NotFound
    return json_response(write(row))
