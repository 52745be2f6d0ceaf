"""A cache that never stops the product: while Redis is away, each process remembers for itself."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
RETRY_AFTER = 2.0  # seconds until Redis is asked again after it failed


def _forgiving(name: str) -> Callable[..., Any]:
    def method(self: "ForgivingRedisCache", *args: Any, **kwargs: Any) -> Any:
        return self.with_fallback(name, *args, **kwargs)

    method.__name__ = name
    return method


class ForgivingRedisCache(RedisCache):
    """Rate limits stay in force per process while Redis is down; filing and answering never wait for it."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._local = LocMemCache(f"fallback:{server}", {"TIMEOUT": params.get("TIMEOUT", 300)})
        self._down_until = 0.0

    def with_fallback(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._down_until:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self._down_until = time.monotonic() + RETRY_AFTER
                log.warning("Redis does not answer (%s); remembering locally", type(error).__name__)
        return getattr(self._local, name)(*args, **kwargs)

    add = _forgiving("add")
    get = _forgiving("get")
    set = _forgiving("set")
    touch = _forgiving("touch")
    delete = _forgiving("delete")
    get_many = _forgiving("get_many")
    has_key = _forgiving("has_key")
    incr = _forgiving("incr")
    set_many = _forgiving("set_many")
    delete_many = _forgiving("delete_many")
    clear = _forgiving("clear")
