"""Files go out as downloads that can not run as our script."""

import logging
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpResponse
from django.views.decorators.http import require_safe

from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page
from tickets.files import IMAGE_TYPES
from tickets.queries import file_for

log = logging.getLogger(__name__)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@require_safe
@page("ticket:read")
def download(request: Any, file_id: UUID) -> HttpResponse:
    """Only to who may read it. Pictures of safe types may be looked at with ?inline=1."""
    found = file_for(request.actor, file_id)
    inline = request.GET.get("inline") == "1" and found.content_type in IMAGE_TYPES
    try:
        content = default_storage.open(found.stored_as)
    except FileNotFoundError as error:
        log.error("file %s is missing in the storage", found.pk)
        raise NotFound from error
    response = FileResponse(content, as_attachment=not inline, filename=found.name, content_type=found.content_type)
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response  # type: ignore[return-value]  # streamed
