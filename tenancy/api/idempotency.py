"""The same POST sent twice is one deed, and gets the same answer, byte for byte (docs/api.md, "The same request twice")."""

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from tenancy.api.parsers import fields_and_files
from tenancy.api.problems import mistake
from tenancy.deeds import fingerprint, once
from tenancy.models import DoneDeed

HEADER = "Idempotency-Key"
LONGEST = 200
KEPT_HEADERS = ("Location", "ETag")


def key_of(request: Request) -> str:
    key = request.headers.get(HEADER)
    if key is None:
        return ""
    if not key.strip() or len(key) > LONGEST or not key.isprintable():
        words = f"{HEADER} must have 1 to {LONGEST} printable characters. A random UUID is right."
        raise mistake(HEADER, "bad_idempotency_key", words)
    return key.strip()


def answer_once(request: Request, respond: Callable[[], HttpResponse]) -> HttpResponseBase:
    """Answer with respond(), or with what it answered when the same key came before. Refusals are not kept."""
    key = key_of(request)
    if not key:
        return respond()
    actor = request._request.actor  # type: ignore[attr-defined]
    with once(actor, key, print_of(request)) as deed:
        if deed.repeated is not None:
            return replay(deed.repeated)
        response = respond()
        headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
        deed.finish(status=response.status_code, reply=response.content.decode(), headers=headers)
        return response


def replay(done: DoneDeed) -> HttpResponse:
    headers = {**done.headers, "Idempotent-Replayed": "true"}
    return HttpResponse(done.reply, status=done.status, content_type="application/json", headers=headers)


def json_response(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Rendered here and now, so that what is kept for a repeated request is what was sent."""
    return HttpResponse(
        JSONRenderer().render(data), status=status, content_type="application/json", headers=headers or {}
    )


def print_of(request: Request) -> str:
    """What makes two requests the same: address and content. A form's boundary and the order of JSON keys are not content."""
    fields, files = fields_and_files(request.data)
    content = json.dumps(fields, sort_keys=True, ensure_ascii=True, default=str).encode()
    return fingerprint(
        str(request.method).encode(), request.path.rstrip("/").encode(), content, *_prints(files.lists())
    )


def _prints(files: Iterable[tuple[str, list[Any]]]) -> Iterable[bytes]:
    for name, uploads in sorted(files, key=lambda pair: pair[0]):
        for upload in uploads:
            digest = sha256()
            for chunk in upload.chunks():
                digest.update(chunk)
            upload.seek(0)
            yield f"{name}\0{upload.name}\0{digest.hexdigest()}".encode()
