"""Requests per minute and token, counted in the cache (settings.LIMITS). A limit of 0 means none."""

import time
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenancy.api.problems import Problem

WINDOW = 60  # seconds
READS = frozenset({"GET", "HEAD", "OPTIONS"})
WORDS = {
    "requests": "{limit} requests a minute",
    "writes": "{limit} changes a minute",
    "searches": "{limit} searches a minute",
}


class Rate(NamedTuple):
    bucket: str
    limit: int
    used: int
    reset: int  # seconds until the window ends

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class TokenThrottle(BaseThrottle):
    """Every request counts; changes and searches count in a second, smaller bucket as well."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.auth is None:
            return True
        rates = [rate for bucket in buckets_of(request) if (rate := count(str(request.auth.pk), bucket))]
        if not rates:
            return True
        tightest = min(rates, key=lambda rate: rate.limit - rate.used)
        request._request.rate = tightest  # type: ignore[attr-defined]
        if tightest.used > tightest.limit:
            raise too_many(tightest)
        return True


def too_many(rate: Rate) -> Problem:
    allowed = WORDS[rate.bucket].format(limit=rate.limit)
    detail = f"A token may do {allowed}. Go on in {rate.reset} seconds."
    return Problem("too_many_requests", 429, detail, headers={"Retry-After": str(rate.reset)})


def buckets_of(request: Request) -> list[str]:
    buckets = ["requests"]
    if request.method not in READS:
        buckets.append("writes")
    elif "q" in request.query_params:
        buckets.append("searches")
    return buckets


def count(token: str, bucket: str) -> Rate | None:
    limit = settings.LIMITS[f"{bucket}_per_minute"]
    if not limit:
        return None
    now = int(time.time())
    window = now // WINDOW
    key = f"rate:{token}:{bucket}:{window}"
    try:
        used = cache.incr(key)
    except ValueError:  # the first of this minute
        cache.add(key, 0, WINDOW * 2)
        used = cache.incr(key)
    return Rate(bucket, limit, used, WINDOW - now % WINDOW)
