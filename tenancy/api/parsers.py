"""Bodies: JSON up to its limit, and forms with files. What is too large is refused before it is read."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

from tenancy.api.problems import Problem

FORM_ROOM = 64 * 1024  # bytes for the lines between the parts of a form


def megabytes(count: int) -> str:
    return f"{count / (1024 * 1024):.10g} MB"


def refuse_larger(context: Mapping[str, Any], limit: int, words: str) -> None:
    length = context["request"].META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > limit:
        raise Problem("body_too_large", 413, words)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class LimitedJSONParser(BaseParser):
    """RFC 8259 in UTF-8: no NaN, no nesting that would end us, nothing over the limit."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.LIMITS["json_bytes"]
        words = f"A JSON body may have {megabytes(limit)}. Send long texts as files."
        refuse_larger(parser_context, limit, words)
        raw = stream.read(limit + 1)  # a body sent in chunks names no length
        if len(raw) > limit:
            raise Problem("body_too_large", 413, words)
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON in UTF-8: {type(error).__name__}: {str(error)[:120]}") from error


class UploadParser(MultiPartParser):
    """multipart/form-data with files. How many and how large each may be is judged once they are read."""

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        most = self.most_files(parser_context)
        room = most * settings.LIMITS["file_bytes"] + settings.LIMITS["message_bytes"] + FORM_ROOM
        refuse_larger(parser_context, room, f"A form with files may have {megabytes(room)}.")
        return super().parse(stream, media_type, parser_context)

    def most_files(self, context: Mapping[str, Any]) -> int:
        return getattr(context["view"], "most_files", settings.LIMITS["files_per_message"])


def fields_and_files(data: Any) -> tuple[Any, MultiValueDict]:
    """A JSON body, or a form as the same dict, and its files. A field sent twice stays a list and is refused as one."""
    if not isinstance(data, QueryDict):
        return data, MultiValueDict()
    fields: dict[str, Any] = {}
    files: MultiValueDict = MultiValueDict()
    for name, values in data.lists():
        texts = [value for value in values if isinstance(value, str)]
        uploads = [value for value in values if not isinstance(value, str)]
        if texts:
            fields[name] = texts[0] if len(texts) == 1 else texts
        if uploads:
            files.setlist(name, uploads)
    return fields, files
