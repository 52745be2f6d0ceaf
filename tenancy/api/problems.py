"""Every refusal leaves as application/problem+json, made here (docs/api.md, "When something is refused")."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.db import IntegrityError, OperationalError
from django.http import Http404, UnreadablePostError
from psycopg2 import errorcodes
from rest_framework import exceptions, status
from rest_framework.response import Response

from rozoom_support.lib.problems import MEDIA_TYPE, problem
from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.actor import NotAllowed
from tenancy.api.codes import TITLES
from tenancy.pgbackend.base import TenantAccessDenied

log = logging.getLogger(__name__)

NOT_FOUND = "There is nothing here, or it is not yours. Check the address and the reference."
NO_TOKEN = "Send the header 'Authorization: Bearer <your token>'. An administrator makes tokens under Tokens."  # noqa: S105
BUSY = "Another request holds what this one needs. Nothing was saved. Send the same request again."
TOO_SLOW = "The answer took longer than 5 seconds and was given up. Nothing was saved. Ask for less at once."
CONFLICT = "Another request did the same at the same moment. Read again, then repeat what is still needed."
LOCKED = {errorcodes.LOCK_NOT_AVAILABLE, errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE}


class FieldError(NamedTuple):
    """One thing that is wrong with one field, parameter or header."""

    param: str
    code: str
    detail: str


class Mistakes(Exception):
    """Everything that is wrong with a request, reported together."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(error.detail for error in self.errors))


def mistake(param: str, code: str, detail: str) -> Mistakes:
    return Mistakes([FieldError(param, code, detail)])


class MissingScope(NotAllowed):
    code = "missing_scope"


class Problem(exceptions.APIException):
    """A refusal of the API's own that no service knows: headers, media types, sizes."""

    def __init__(
        self, code: str, status_code: int, detail: str, *, param: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail, code)
        self.code, self.status_code, self.words, self.param, self.headers = code, status_code, detail, param, headers


def answer(
    code: str,
    status_code: int,
    detail: str,
    *,
    param: str = "",
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    body = problem(
        code,
        status=status_code,
        title=TITLES.get(code, "Refused"),
        detail=detail,
        param=param,
        errors=[{**error._asdict(), "param": error.param or None} for error in errors],
    )
    return Response(body, status=status_code, headers=headers, content_type=MEDIA_TYPE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The one place where refusals become answers. What it does not know goes on to become a 500 or 503."""
    context["request"]._request.unit.failed = True  # nothing half done is kept
    for kinds, translate in TRANSLATIONS:
        if isinstance(error, kinds):
            return translate(error, context)
    return None


def _mistakes(error: Mistakes, context: dict[str, Any]) -> Response:
    first, rest = error.errors[0], error.errors[1:]
    detail = " ".join(one.detail for one in error.errors) if rest else first.detail
    return answer(first.code, 422, detail, param=first.param, errors=error.errors)


def _refused(error: Refused, context: dict[str, Any]) -> Response:
    code = 403 if isinstance(error, NotAllowed) else error.status
    return answer(error.code, code, error.message, param=error.param)


def _problem(error: Problem, context: dict[str, Any]) -> Response:
    return answer(error.code, error.status_code, error.words, param=error.param, headers=error.headers)


def _not_found(error: Exception, context: dict[str, Any]) -> Response:
    return answer("not_found", 404, NOT_FOUND)


def _unauthenticated(error: exceptions.APIException, context: dict[str, Any]) -> Response:
    refused = context["request"]._request.token_refused
    challenge = 'Bearer realm="roZoom Support"'
    if refused is None:
        return answer("not_authenticated", 401, NO_TOKEN, headers={"WWW-Authenticate": challenge})
    challenge += ', error="invalid_token"'
    return answer("token_refused", 401, str(refused), headers={"WWW-Authenticate": challenge})


def _method(error: exceptions.MethodNotAllowed, context: dict[str, Any]) -> Response:
    known = ", ".join(context["view"].allowed_methods)
    detail = f"{context['request'].method} is not possible here. Possible are: {known}."
    return answer("method_not_allowed", 405, detail, headers={"Allow": known})


def _media_type(error: exceptions.UnsupportedMediaType, context: dict[str, Any]) -> Response:
    known = " or ".join(parser.media_type for parser in context["view"].parser_classes)
    return answer("unsupported_media_type", 415, f"Send the body as {known} and say so in Content-Type.")


def _not_acceptable(error: Exception, context: dict[str, Any]) -> Response:
    return answer("not_acceptable", 406, "Answers are application/json. Accept that, or leave the header Accept away.")


def _unreadable(error: Exception, context: dict[str, Any]) -> Response:
    return answer("malformed_body", 400, str(getattr(error, "detail", "")) or "The body ended early. Send it again.")


def _suspicious(error: SuspiciousOperation, context: dict[str, Any]) -> Response:
    if isinstance(error, TooManyFilesSent):
        return answer("too_many_files", 422, "That is more files than one request may carry.", param="files")
    if isinstance(error, RequestDataTooBig):
        return answer("body_too_large", 413, "The fields beside the files are too large.")
    return answer("malformed_body", 400, "The body could not be read.")


def _database(error: OperationalError, context: dict[str, Any]) -> Response | None:
    """A lock or statement timeout is an answer; a lost connection goes on to the 503 of the whole product."""
    pgcode = getattr(error.__cause__, "pgcode", None)
    if pgcode in LOCKED:
        return answer("busy", 503, BUSY, headers={"Retry-After": "1"})
    if pgcode == errorcodes.QUERY_CANCELED:
        return answer("too_slow", 503, TOO_SLOW, headers={"Retry-After": "5"})
    return None


def _integrity(error: IntegrityError, context: dict[str, Any]) -> Response | None:
    """Two requests passed the same check before either wrote: the unique key decided."""
    if getattr(error.__cause__, "pgcode", None) == errorcodes.UNIQUE_VIOLATION:
        return answer("conflict", status.HTTP_409_CONFLICT, CONFLICT)
    return None


def _over_the_wall(error: TenantAccessDenied, context: dict[str, Any]) -> Response:
    """The database refused what the code would have allowed: a mistake of ours, answered without a hint."""
    log.error("tenant access denied: %s: %s", context["request"].path, error)
    return answer("not_allowed", 403, "Your organisation may not do this.")


TRANSLATIONS: tuple[tuple[Any, Any], ...] = (
    (Mistakes, _mistakes),
    (Refused, _refused),
    (Problem, _problem),
    ((NotFound, Http404, exceptions.NotFound), _not_found),
    ((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), _unauthenticated),
    (exceptions.MethodNotAllowed, _method),
    (exceptions.UnsupportedMediaType, _media_type),
    (exceptions.NotAcceptable, _not_acceptable),
    ((exceptions.ParseError, UnreadablePostError), _unreadable),
    (SuspiciousOperation, _suspicious),
    (PermissionDenied, _over_the_wall),
    (TenantAccessDenied, _over_the_wall),
    (IntegrityError, _integrity),
    (OperationalError, _database),
)
