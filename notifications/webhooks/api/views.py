"""The addresses of webhooks. A secret is in the answer to the request that made it, and kept in no other place."""

import json
from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from notifications.models import WebhookEndpoint
from notifications.webhooks import queries, services
from notifications.webhooks.api import shapes
from notifications.webhooks.api.shapes import (
    DELIVERY_STATES,
    NewWebhookEndpointShape,
    NothingBody,
    WebhookDeliveryShape,
    WebhookEndpointBody,
    WebhookEndpointChange,
    WebhookEndpointShape,
    WebhookReplayShape,
    write_delivery,
    write_endpoint,
)
from tenancy.api.filters import choices, known_id, read_parameters
from tenancy.api.idempotency import answer_once, json_response, key_of, print_of, replay
from tenancy.api.inputs import valid_body
from tenancy.api.pagination import Order, paginate
from tenancy.api.schema import (
    BODY,
    CURSOR,
    HEADER,
    IDEMPOTENCY_KEY,
    VERSION_TAG,
    answer_header,
    location_header,
    operation,
    page_of,
    query,
)
from tenancy.api.versions import etag, required_version
from tenancy.api.views import ApiView, actor_of, now_of
from tenancy.deeds import once

NEEDS = ("webhook:manage",)
BY_TIME = Order("webhook-endpoints", "created_at", mark=lambda row: (row.created_at, str(row.pk)))
NEWEST = Order("webhook-deliveries", "created_at", mark=lambda row: (row.created_at, str(row.pk)), descending=True)
IF_MATCH = OpenApiParameter(
    "If-Match", VERSION_TAG, HEADER, required=True, description="The ETag of the webhook as you read it."
)
DONE = (*BODY, 404, 409)


def tag_header(*statuses: int) -> OpenApiParameter:
    return answer_header("ETag", "The version of the webhook, in quotes.", statuses)


class WebhookView(ApiView):
    tag = "Webhooks"

    def endpoint(self, request: Request, key: str) -> WebhookEndpoint:
        return queries.endpoint_for(actor_of(request), known_id(key))


class Endpoints(WebhookView):
    capabilities: ClassVar = {"GET": NEEDS, "POST": NEEDS}
    paged = True

    @operation(
        id_="list_webhook_endpoints",
        summary="List webhooks",
        words="Those of your organisation, the oldest first.",
        answer=page_of(WebhookEndpointShape, "WebhookEndpointPage"),
        parameters=CURSOR,
        examples=shapes.answer("A page", shapes.page_body(shapes.ENDPOINT)),
    )
    def get(self, request: Request) -> HttpResponse:
        page = paginate(request, queries.endpoints_of(actor_of(request)), BY_TIME)
        return json_response({**page, "results": [write_endpoint(one) for one in page["results"]]})

    @operation(
        id_="make_webhook_endpoint",
        summary="Make a webhook",
        words="It is on from the next event. The answer has its secret, and no other answer ever has.",
        request=WebhookEndpointBody,
        answer=NewWebhookEndpointShape,
        status=201,
        problems=[*BODY, 409],
        parameters=[IDEMPOTENCY_KEY, tag_header(201), location_header()],
        examples=[
            shapes.asked("A webhook", {name: shapes.ENDPOINT[name] for name in ("url", "events", "description")}),
            *shapes.answer("A webhook", {**shapes.ENDPOINT, "secret": shapes.SECRET}),
        ],
    )
    def post(self, request: Request) -> HttpResponseBase:
        def respond() -> tuple[WebhookEndpoint, str]:
            body = valid_body(WebhookEndpointBody, request.data)
            return services.make_endpoint(actor=actor_of(request), now=now_of(request), **body)

        return with_secret(request, respond, 201)


class OneEndpoint(WebhookView):
    capabilities: ClassVar = {"GET": NEEDS, "PATCH": NEEDS}

    @operation(
        id_="read_webhook_endpoint",
        summary="Read a webhook",
        answer=WebhookEndpointShape,
        problems=[404],
        parameters=[tag_header(200)],
        examples=shapes.answer("A webhook", shapes.ENDPOINT),
    )
    def get(self, request: Request, endpoint_id: str) -> HttpResponse:
        return written(self.endpoint(request, endpoint_id))

    @operation(
        id_="change_webhook_endpoint",
        summary="Change a webhook, or switch it on or off",
        words="What waits when it is switched off is given up; it can be sent again when it is on.",
        request=WebhookEndpointChange,
        answer=WebhookEndpointShape,
        problems=[*DONE, 412, 428],
        parameters=[IF_MATCH, tag_header(200)],
        examples=[
            shapes.asked("Other events", {"events": ["ticket.filed"]}),
            shapes.asked("Switch on", {"state": "ON"}),
            *shapes.answer("A webhook", shapes.ENDPOINT),
        ],
    )
    def patch(self, request: Request, endpoint_id: str) -> HttpResponse:
        endpoint = self.endpoint(request, endpoint_id)
        version = required_version(request)
        body = valid_body(WebhookEndpointChange, request.data)
        state = body.pop("state", None)
        actor, now = actor_of(request), now_of(request)
        endpoint = services.change_endpoint(actor=actor, endpoint=endpoint, version=version, now=now, **body)
        if state is not None:
            endpoint = services.switch_endpoint(actor=actor, endpoint=endpoint, on=state == "ON", now=now)
        return written(endpoint)


class Rotation(WebhookView):
    capabilities: ClassVar = {"POST": NEEDS}

    @operation(
        id_="rotate_webhook_secret",
        summary="Make a new secret",
        words="For 24 hours each call is signed with both. The body is an empty object.",
        request=NothingBody,
        answer=NewWebhookEndpointShape,
        problems=DONE,
        parameters=[IDEMPOTENCY_KEY, tag_header(200)],
        examples=[
            shapes.asked("Nothing to say", {}),
            *shapes.answer("A webhook", {**shapes.ENDPOINT, "secret": shapes.SECRET}),
        ],
    )
    def post(self, request: Request, endpoint_id: str) -> HttpResponseBase:
        endpoint = self.endpoint(request, endpoint_id)

        def respond() -> tuple[WebhookEndpoint, str]:
            valid_body(NothingBody, request.data)
            return services.rotate_secret(actor=actor_of(request), endpoint=endpoint, now=now_of(request))

        return with_secret(request, respond, 200)


class Removal(WebhookView):
    capabilities: ClassVar = {"POST": NEEDS}

    @operation(
        id_="remove_webhook_endpoint",
        summary="Remove a webhook",
        words="For good. The answer is the webhook as it was last. The body is an empty object.",
        request=NothingBody,
        answer=WebhookEndpointShape,
        problems=DONE,
        parameters=[IDEMPOTENCY_KEY],
        examples=[shapes.asked("Nothing to say", {}), *shapes.answer("A webhook", {**shapes.ENDPOINT, "state": "OFF"})],
    )
    def post(self, request: Request, endpoint_id: str) -> HttpResponseBase:
        """The same request again finds the webhook gone, so the key is asked first."""

        def respond() -> HttpResponse:
            endpoint = self.endpoint(request, endpoint_id)
            valid_body(NothingBody, request.data)
            removed = services.remove_endpoint(actor=actor_of(request), endpoint=endpoint, now=now_of(request))
            return json_response(write_endpoint(removed))

        return answer_once(request, respond)


class Test(WebhookView):
    capabilities: ClassVar = {"POST": NEEDS}

    @operation(
        id_="test_webhook_endpoint",
        summary="Send a test",
        words="Of the type endpoint.test. Read the delivery to see what became of it. The body is an empty object.",
        request=NothingBody,
        answer=WebhookDeliveryShape,
        status=201,
        problems=DONE,
        parameters=[IDEMPOTENCY_KEY, location_header()],
        examples=[shapes.asked("Nothing to say", {}), *shapes.answer("A test", shapes.DELIVERY)],
    )
    def post(self, request: Request, endpoint_id: str) -> HttpResponseBase:
        endpoint = self.endpoint(request, endpoint_id)

        def respond() -> HttpResponse:
            valid_body(NothingBody, request.data)
            row = services.send_test(actor=actor_of(request), endpoint=endpoint, now=now_of(request))
            at = f"/api/v1/webhook-endpoints/{endpoint.pk}/deliveries/{row.pk}/"
            return json_response(write_delivery(row), 201, {"Location": at})

        return answer_once(request, respond)


class Deliveries(WebhookView):
    capabilities: ClassVar = {"GET": NEEDS}
    parameters: ClassVar = ("state",)
    paged = True

    @operation(
        id_="list_webhook_deliveries",
        summary="List what was sent",
        words="The newest first, for 30 days.",
        answer=page_of(WebhookDeliveryShape, "WebhookDeliveryPage"),
        problems=[404],
        parameters=[query("state", "QUEUED, SENT or DEAD (given up).", enum=list(DELIVERY_STATES)), *CURSOR],
        examples=shapes.answer("A page", shapes.page_body(shapes.DELIVERY)),
    )
    def get(self, request: Request, endpoint_id: str) -> HttpResponse:
        endpoint = self.endpoint(request, endpoint_id)
        asked = read_parameters(request, state=choices(DELIVERY_STATES))
        rows = queries.deliveries_of(endpoint).defer(None).order_by()
        if "state" in asked:
            rows = rows.filter(state__in=asked["state"])
        page = paginate(request, rows, NEWEST)
        return json_response({**page, "results": [write_delivery(one) for one in page["results"]]})


class OneDelivery(WebhookView):
    capabilities: ClassVar = {"GET": NEEDS}

    @operation(
        id_="read_webhook_delivery",
        summary="Read what was sent",
        answer=WebhookDeliveryShape,
        problems=[404],
        examples=shapes.answer("A delivery", shapes.DELIVERY),
    )
    def get(self, request: Request, endpoint_id: str, delivery_id: str) -> HttpResponse:
        endpoint = self.endpoint(request, endpoint_id)
        return json_response(write_delivery(queries.delivery_for(endpoint, known_id(delivery_id))))


class Replay(WebhookView):
    capabilities: ClassVar = {"POST": NEEDS}

    @operation(
        id_="replay_webhook_delivery",
        summary="Send it again",
        words="Word for word and under the same id, whatever became of it. The body is an empty object.",
        request=NothingBody,
        answer=WebhookDeliveryShape,
        problems=DONE,
        parameters=[IDEMPOTENCY_KEY],
        examples=[shapes.asked("Nothing to say", {}), *shapes.answer("A delivery", shapes.DELIVERY)],
    )
    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> HttpResponseBase:
        endpoint = self.endpoint(request, endpoint_id)
        delivery = queries.delivery_for(endpoint, known_id(delivery_id))

        def respond() -> HttpResponse:
            valid_body(NothingBody, request.data)
            again = services.replay(actor=actor_of(request), endpoint=endpoint, delivery=delivery, now=now_of(request))
            return json_response(write_delivery(again))

        return answer_once(request, respond)


class ReplayFailed(WebhookView):
    capabilities: ClassVar = {"POST": NEEDS}

    @operation(
        id_="replay_failed_webhooks",
        summary="Send again all that was given up",
        words="The oldest first. The body is an empty object.",
        request=NothingBody,
        answer=WebhookReplayShape,
        problems=DONE,
        parameters=[IDEMPOTENCY_KEY],
        examples=[shapes.asked("Nothing to say", {}), *shapes.answer("How many", {"number": 12})],
    )
    def post(self, request: Request, endpoint_id: str) -> HttpResponseBase:
        endpoint = self.endpoint(request, endpoint_id)

        def respond() -> HttpResponse:
            valid_body(NothingBody, request.data)
            number = services.replay_failed(actor=actor_of(request), endpoint=endpoint, now=now_of(request))
            return json_response({"number": number})

        return answer_once(request, respond)


def written(endpoint: WebhookEndpoint) -> HttpResponse:
    return json_response(write_endpoint(endpoint), 200, {"ETag": etag(endpoint.version)})


def with_secret(request: Request, respond: Callable[[], tuple[WebhookEndpoint, str]], status: int) -> HttpResponseBase:
    """As answer_once; but what is kept for the same request sent again has no secret in it."""
    key = key_of(request)
    with once(actor_of(request), key, print_of(request) if key else "") as deed:
        if deed.repeated is not None:
            return replay(deed.repeated)
        endpoint, secret = respond()
        headers = {"ETag": etag(endpoint.version)}
        if status == 201:
            headers["Location"] = f"/api/v1/webhook-endpoints/{endpoint.pk}/"
        body: dict[str, Any] = write_endpoint(endpoint)
        deed.finish(status=status, reply=json.dumps({**body, "secret": None}), headers=headers)
        return json_response({**body, "secret": secret}, status, headers)
