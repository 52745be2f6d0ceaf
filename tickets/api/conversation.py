"""The addresses of messages and files."""

import logging
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from rozoom_support.lib.refusals import NotFound
from tenancy.api.authentication import require
from tenancy.api.filters import known_id
from tenancy.api.idempotency import answer_once, json_response
from tenancy.api.inputs import clip, read_body
from tenancy.api.pagination import Order, paginate
from tenancy.api.parsers import LimitedJSONParser, UploadParser, fields_and_files
from tenancy.api.problems import FieldError, Mistakes, Problem, mistake
from tenancy.api.schema import (
    BODY,
    CURSOR,
    IDEMPOTENCY_KEY,
    IF_MATCH_OPTIONAL,
    IF_NONE_MATCH,
    location_header,
    operation,
    page_of,
)
from tenancy.api.versions import etag, given_version, is_known
from tenancy.api.views import ApiView, actor_of, now_of
from tickets import queries, services
from tickets.api import examples
from tickets.api.finding import files_by_message, files_of, find_ticket, messages_of
from tickets.api.reading import write_file, write_message
from tickets.api.shapes import FileBody, FileForm, FileShape, MessageBody, MessageForm, MessageShape
from tickets.files import BadFile, CheckedFile, check_files
from tickets.models import Attachment, Channel, MessageKind, Ticket
from tickets.services.conversation import NEEDS
from tickets.services.sending import add_files

log = logging.getLogger(__name__)
ADDED = (*BODY, 404, 409, 412)


def _by_time(name: str) -> Order:
    return Order(name, "created_at", mark=lambda row: (row.created_at, str(row.pk)))


class Messages(ApiView):
    tag = "Messages and files"
    capabilities: ClassVar = {"GET": ("ticket:read",), "POST": ("ticket:read",)}  # each kind asks for its own besides
    parser_classes = (LimitedJSONParser, UploadParser)
    paged = True

    @operation(
        id_="list_messages",
        summary="Read the conversation",
        words="Oldest first. Notes that this token's organisation may not read are not there.",
        answer=page_of(MessageShape, "MessagePage"),
        problems=[404],
        parameters=CURSOR,
        examples=examples.MESSAGE_PAGE,
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        actor = actor_of(request)
        messages = messages_of(actor, find_ticket(request, reference))
        page = paginate(request, messages, _by_time("messages"))
        files = files_by_message(actor, page["results"])
        return json_response(
            {**page, "results": [write_message(one, files.get(one.pk, [])) for one in page["results"]]}
        )

    @operation(
        id_="add_message",
        summary="Add a message",
        words=(
            "A public reply is read by everybody and needs tickets:write; a partner note is read by the reseller and "
            "roZoom, an internal note by roZoom, and both need notes:write. Send JSON, or a form when files come with it."
        ),
        request={"application/json": MessageBody, "multipart/form-data": MessageForm},
        answer=MessageShape,
        status=201,
        problems=ADDED,
        parameters=[IF_MATCH_OPTIONAL, IDEMPOTENCY_KEY, location_header()],
        examples=[*examples.REPLY, *examples.MESSAGE],
    )
    def post(self, request: Request, reference: str) -> HttpResponseBase:
        ticket = find_ticket(request, reference)
        return answer_once(request, lambda: self.add(request, ticket))

    def add(self, request: Request, ticket: Ticket) -> HttpResponse:
        fields, files = read_form(request, MessageBody, "files")
        message = services.add_message(
            actor=actor_of(request),
            ticket=ticket,
            kind=allowed_kind(request, fields["kind"]),
            body=fields["body"],
            now=now_of(request),
            channel=Channel.API,
            files=files,
            version=given_version(request),
        )
        stored = files_by_message(actor_of(request), [message]) if files else {}
        location = f"/api/v1/tickets/{ticket.reference}/messages/{message.pk}/"
        return json_response(write_message(message, stored.get(message.pk, [])), 201, {"Location": location})


class OneMessage(ApiView):
    tag = "Messages and files"
    capabilities: ClassVar = {"GET": ("ticket:read",)}

    @operation(
        id_="read_message", summary="Read a message", answer=MessageShape, problems=[404], examples=examples.MESSAGE
    )
    def get(self, request: Request, reference: str, id: str) -> HttpResponse:
        ticket = find_ticket(request, reference)
        message = messages_of(actor_of(request), ticket).filter(pk=known_id(id)).first()
        if message is None:
            raise NotFound
        files = files_by_message(actor_of(request), [message])
        return json_response(write_message(message, files.get(message.pk, [])))


class Files(ApiView):
    tag = "Messages and files"
    capabilities: ClassVar = {"GET": ("ticket:read",), "POST": ("ticket:read",)}
    parser_classes = (UploadParser,)
    most_files = 1
    paged = True

    @operation(
        id_="list_files",
        summary="List the files of a ticket",
        answer=page_of(FileShape, "FilePage"),
        problems=[404],
        parameters=CURSOR,
        examples=examples.FILE_PAGE,
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        files = files_of(actor_of(request), find_ticket(request, reference))
        page = paginate(request, files, _by_time("files"))
        return json_response({**page, "results": [write_file(file) for file in page["results"]]})

    @operation(
        id_="send_file",
        summary="Send a file",
        words=(
            "One file, without a message; its kind needs the same scope as a message of that kind. It tells nobody: when "
            "somebody waits for it, send it with a message."
        ),
        request={"multipart/form-data": FileForm},
        answer=FileShape,
        status=201,
        problems=ADDED,
        parameters=[IF_MATCH_OPTIONAL, IDEMPOTENCY_KEY, location_header()],
        examples=examples.FILE,
    )
    def post(self, request: Request, reference: str) -> HttpResponseBase:
        ticket = find_ticket(request, reference)
        return answer_once(request, lambda: self.add(request, ticket))

    def add(self, request: Request, ticket: Ticket) -> HttpResponse:
        fields, files = read_form(request, FileBody, "file", needed=True)
        [stored] = add_files(
            actor=actor_of(request),
            ticket=ticket,
            kind=allowed_kind(request, fields["kind"]),
            files=files,
            now=now_of(request),
            version=given_version(request),
        )
        written = write_file(stored)
        return json_response(written, 201, {"Location": f"/api/v1/files/{stored.pk}/"})


class AnyAnswer(BaseContentNegotiation):
    """Bytes are what they are, whatever the caller accepts; refusals are JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> tuple[BaseRenderer, str]:
        return JSONRenderer(), JSONRenderer.media_type


class OneFile(ApiView):
    tag = "Messages and files"
    capabilities: ClassVar = {"GET": ("ticket:read",)}
    content_negotiation_class = AnyAnswer

    @operation(
        id_="read_file",
        summary="Fetch a file",
        words="The bytes, as a download. The ETag is the SHA-256 of them.",
        answer=OpenApiResponse(OpenApiTypes.BINARY, description="The bytes of the file."),
        answer_type="application/octet-stream",
        problems=[404],
        parameters=[IF_NONE_MATCH],
        also=examples.NOT_MODIFIED,
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        file = queries.file_for(actor_of(request), known_id(id))
        tag = etag(file.sha256)
        if is_known(request, tag):
            return HttpResponse(status=304, headers={"ETag": tag})
        return download(file, {"ETag": tag})


def download(file: Attachment, headers: dict[str, str]) -> HttpResponseBase:
    """As an attachment of no type a browser would run, whatever it is."""
    try:
        content = default_storage.open(file.stored_as)
    except FileNotFoundError:
        log.error("file %s has a row and no bytes", file.pk)
        raise NotFound from None
    response = FileResponse(
        content, as_attachment=True, filename=file.name, content_type="application/octet-stream", headers=headers
    )
    response.headers["Content-Length"] = str(file.size)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def allowed_kind(request: Request, kind: str) -> MessageKind:
    """Raises NotAllowed or MissingScope: who may not write this kind learns it before anything is looked at."""
    chosen = MessageKind(kind)
    require(actor_of(request), NEEDS[chosen])
    return chosen


def read_form(
    request: Request, shape: Any, part: str, *, needed: bool = False
) -> tuple[dict[str, Any], list[CheckedFile]]:
    """Fields and checked files of a JSON body or a form. Raises Mistakes, or Problem 413 for a file that is too large."""
    plain, sent = fields_and_files(request.data)
    values, wrong = read_body(shape, plain)
    known = ", ".join([*shape().fields, part])
    strangers = [name for name in sent if name != part]
    wrong += [
        FieldError(name, "unknown_field", f"There is no field {clip(name)}. Known are: {known}.") for name in strangers
    ]
    uploads = sent.getlist(part)
    if needed and not uploads:
        wrong.append(FieldError(part, "required", f"{part} is missing. Send it as a part with a filename."))
    if wrong:
        raise Mistakes(wrong)
    most = getattr(request.parser_context["view"], "most_files", settings.LIMITS["files_per_message"])
    if len(uploads) > most:
        raise Mistakes([FieldError(part, "too_many_files", f"Send at most {most} in one request.")])
    refuse_too_large(uploads, part)
    try:
        return values, check_files(uploads)
    except BadFile as refused:  # which names the field of the pages' forms
        raise mistake(part, refused.code, refused.message) from None


def refuse_too_large(uploads: list[Any], part: str) -> None:
    limit = settings.LIMITS["file_bytes"]
    for upload in uploads:
        if upload.size > limit:
            words = f"{upload.name} has more than {limit // (1024 * 1024)} MB. Split it, or pack it tighter."
            raise Problem("file_too_large", 413, words, param=part)
