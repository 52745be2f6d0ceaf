"""The OpenAPI description: how an operation is written down, and the parts all of them share."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from rozoom_support.lib.problems import MEDIA_TYPE, problem
from tenancy.api.authentication import scopes_for
from tenancy.api.codes import TITLES

HEADER: Literal["header"] = "header"
QUERY: Literal["query"] = "query"
# What each status can mean, by code. The documentation lists the codes one by one.
MEANINGS: dict[int, tuple[str, Sequence[str]]] = {
    400: ("The body could not be read.", ["malformed_body"]),
    401: ("No token, or one that does not work.", ["not_authenticated", "token_refused"]),
    403: ("The token, or its organisation, may not do this.", ["missing_scope", "not_allowed"]),
    404: ("It does not exist, or it is not yours: the same answer.", ["not_found"]),
    406: ("Only JSON is written here.", ["not_acceptable"]),
    409: (
        "It can not be done now.",
        [
            *("cannot_move", "cannot_assign", "cannot_reply", "cannot_merge", "cannot_decide", "conflict"),
            *("cannot_set_up_webhook", "cannot_send_webhook"),
        ],
    ),
    411: ("The length of the body is not said.", ["length_required"]),
    412: ("Someone changed it meanwhile. Nothing was recorded.", ["stale"]),
    413: ("Too large.", ["body_too_large", "file_too_large"]),
    415: ("This media type is not read here.", ["unsupported_media_type"]),
    422: (
        "Something in the request is wrong; `errors` says all of it.",
        ["required", "unknown_field", "unknown_parameter"],
    ),
    428: ("Say which version you read, with If-Match.", ["version_required"]),
    429: ("Too many requests. Wait as Retry-After says.", ["too_many_requests"]),
    500: ("Our fault. Nothing was saved.", ["server_error"]),
    503: ("Try again after Retry-After. Nothing was saved.", ["unavailable", "busy", "too_slow"]),
}
ALWAYS = (401, 403, 406, 422, 429, 500, 503)
BODY = (400, 411, 413, 415)
PATH_WORDS = {"reference": "Such as ACME-42.", "rma": "Such as ACME-R7.", "id": "The id, as the list gives it."}
RATE_HEADERS = {
    "RateLimit-Limit": "What the token may do in a minute, of the kind that is nearest to its end.",
    "RateLimit-Remaining": "How much of it is left.",
    "RateLimit-Reset": "Seconds until it begins again.",
}


class ErrorShape(serializers.Serializer):
    param = serializers.CharField(allow_null=True, help_text="The field, parameter or header it concerns.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemShape(serializers.Serializer):
    """RFC 9457."""

    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(choices=list(TITLES), help_text="Stable. Decide by this, never by the words.")
    detail = serializers.CharField(help_text="What is wrong and what to do, for people.")
    param = serializers.CharField(allow_null=True)
    doc_url = serializers.URLField(help_text="What the documentation says about this code.")
    errors = ErrorShape(many=True)  # type: ignore[assignment]  # a field; the class has none of that name
    request_id = serializers.CharField(required=False, help_text="Only with 500: name it when you write to us.")


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "tenancy.api.authentication.ActorAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        words = "A token of your organisation: `Authorization: Bearer rz_…`."
        return {"type": "http", "scheme": "bearer", "description": words}


class StrictBody(OpenApiSerializerExtension):
    """Unknown fields are refused, and the description says so."""

    target_class = "tenancy.api.inputs.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}


class ProblemSchema(AutoSchema):
    """Names as people would give them: Ticket, not TicketShape; TicketBody, not PatchedTicketBodyRequest."""

    def _get_serializer_name(self, serializer: Any, direction: str, bypass_extensions: bool = False) -> str:
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)
        return name.removesuffix("Request").removeprefix("Patched").removesuffix("Shape")

    def get_auth(self) -> list[dict[str, list[str]]]:
        """The scopes this method needs. One that depends on the body asks for more (kinds of message)."""
        needed = getattr(self.view, "capabilities", {}).get(self.method, ())
        return [{TokenScheme.name: sorted({scopes_for(capability)[0] for capability in needed})}]

    def _resolve_path_parameters(self, variables: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        return [{**one, "description": PATH_WORDS.get(one["name"], "")} for one in found]

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "Other")]


def query(name: str, words: str, type_: Any = str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, type_, QUERY, description=words, **more)


CURSOR = (
    query("cursor", "Where the page begins. Follow `next` and `previous`; do not make cursors yourself."),
    query(
        "page_size", "How many on a page, 1 to 100.", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    ),
)
VERSION_TAG = {"type": "string", "pattern": '^"[0-9]{1,9}"$'}
IF_MATCH = OpenApiParameter(
    "If-Match", VERSION_TAG, HEADER, required=True, description='The ETag of the ticket as you read it, such as `"7"`.'
)
IF_MATCH_OPTIONAL = OpenApiParameter(
    "If-Match", str, HEADER, description="When sent, the message is added only to this version of the ticket."
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, HEADER, description="The ETag you have: 304 when nothing changed."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200},
    HEADER,
    description="The same key with the same content is one deed and gets the same answer, for 24 hours.",
)


def answer_header(name: str, words: str, statuses: Sequence[int]) -> OpenApiParameter:
    return OpenApiParameter(name, str, HEADER, description=words, response=list(statuses))


def etag_header(*statuses: int) -> OpenApiParameter:
    return answer_header("ETag", "The version of the ticket, in quotes.", statuses)


def location_header() -> OpenApiParameter:
    return answer_header("Location", "Where it can be read.", [201])


def operation(
    *,
    summary: str,
    id_: str,
    answer: Any,
    answer_type: str = "application/json",
    status: int = 200,
    request: Any = None,
    problems: Iterable[int] = (),
    parameters: Sequence[OpenApiParameter] = (),
    examples: Sequence[OpenApiExample] = (),
    also: dict[Any, Any] | None = None,
    words: str = "",
) -> Callable[[Any], Any]:
    """Write down one method of an address: what it takes, what it answers, and every way it can refuse."""
    refusals = sorted({*problems, *ALWAYS})
    said = (
        answer
        if isinstance(answer, OpenApiResponse)
        else OpenApiResponse(answer, description=f"{summary}: the answer.")
    )
    responses = {
        (status, answer_type): said,
        **(also or {}),
        **{(code, MEDIA_TYPE): refusal(code) for code in refusals},
    }
    rates = [answer_header(name, meaning, [status]) for name, meaning in RATE_HEADERS.items()]
    if status == 201:
        rates.append(
            answer_header("Idempotent-Replayed", "`true` when this is the answer to an earlier request.", [201])
        )
    waits = [answer_header("Retry-After", "Seconds to wait.", [429, 503])]
    return extend_schema(
        operation_id=id_,
        summary=summary,
        description=words or summary,
        request=request,
        responses=responses,
        parameters=[*parameters, *rates, *waits],
        examples=list(examples),
    )


def refusal(status: int) -> OpenApiResponse:
    words, codes = MEANINGS[status]
    body = problem(codes[0], status=status, title=TITLES[codes[0]], detail=words)
    listed = ", ".join(f"`{code}`" for code in codes)
    return OpenApiResponse(
        ProblemShape,
        description=f"{words} Codes: {listed}{' and others' if status == 422 else ''}.",
        examples=[OpenApiExample(codes[0], value=body)],
    )


def page_of(shape: type[serializers.Serializer], name: str) -> type[serializers.Serializer]:
    """The shape of a cursor page of these."""
    address: dict[str, Any] = {"allow_null": True, "help_text": "The whole address of that page, or null."}
    fields = {
        "next": serializers.URLField(**address),
        "previous": serializers.URLField(**address),
        "results": shape(many=True),
    }
    return type(name, (serializers.Serializer,), fields)


def only_version_one(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """The address that catches what does not exist is no part of the description."""
    return [endpoint for endpoint in endpoints if endpoint[0].endswith("/")]


def share_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """The same refusal stands once, and operations point to it."""
    shared: dict[str, Any] = {}
    for methods in result["paths"].values():
        for one in methods.values():
            for status, response in one["responses"].items():
                if int(status) >= 400:
                    name = f"Problem{status}"
                    shared.setdefault(name, response)
                    one["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    result["components"]["responses"] = dict(sorted(shared.items()))
    return result
