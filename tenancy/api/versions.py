"""Optimistic locking over HTTP: the ETag of a thing is its version: 428 without, 412 when stale (docs/api.md, "Versions")."""

import re

from rest_framework.request import Request

from rozoom_support.lib.refusals import Stale
from tenancy.api.problems import Problem

# Proxies that compress mark the tag as weak (W/) on its way out; it names the same version.
TAG = re.compile(r'^(?:W/)?"?(\d{1,9})"?$')
REQUIRED = 'Read what you want to change first, then send its ETag: If-Match: "7".'
STALE = "Someone changed this ticket meanwhile. Read it again, then repeat what you wanted to do."


def etag(version: int | str) -> str:
    return f'"{version}"'


def given_version(request: Request) -> int | None:
    """The version the caller saw, or None when the header is not there. Raises Stale for a tag we never gave out."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    tag = TAG.match(header.strip())
    if tag is None:
        raise Stale(STALE)
    return int(tag[1])


def required_version(request: Request) -> int:
    version = given_version(request)
    if version is None:
        raise Problem("version_required", 428, REQUIRED, param="If-Match")
    return version


def is_known(request: Request, tag: str) -> bool:
    """Whether If-None-Match says that the caller has this very version."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    return header.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in header.split(",")]
