"""The one shape of every refusal of the API (RFC 9457). Doors above and below use it, so it stands at the bottom."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

MEDIA_TYPE = "application/problem+json"


def doc_url(code: str) -> str:
    """Where the documentation explains this code, and what to do about it."""
    return f"{settings.BASE_URL}/api/docs/#{code}"


def problem(
    code: str,
    *,
    status: int,
    title: str,
    detail: str,
    param: str = "",
    errors: Sequence[dict[str, Any]] = (),
    **more: Any,
) -> dict[str, Any]:
    """`errors` are all that was wrong, each {param, code, detail}; the problem itself carries the first one's code."""
    own = {"param": param or None, "code": code, "detail": detail}
    return {
        "type": doc_url(code),
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "param": param or None,
        "doc_url": doc_url(code),
        "errors": list(errors) or [own],
        **more,
    }
