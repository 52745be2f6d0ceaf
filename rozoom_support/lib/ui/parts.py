"""Parts of a page that an upper app draws. It registers in AppConfig.ready(); the page of the lower app asks.

@shows_on("ticket")
def returns_of_ticket(request, ticket) -> Part | None: ...
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """Drawn as {% include part.template with part=part.values %}."""

    template: str
    values: dict[str, Any] = field(default_factory=dict)


# (request, what the page is about) -> its part, or None where it has nothing to say.
Maker = Callable[[Any, Any], Part | None]
_makers: dict[str, list[Maker]] = {}


def shows_on(page: str) -> Callable[[Maker], Maker]:
    def register(maker: Maker) -> Maker:
        known = _makers.setdefault(page, [])
        if maker not in known:
            known.append(maker)
        return maker

    return register


def parts_of(page: str, request: Any, about: Any) -> list[Part]:
    """In the order of registration. Everything is read here; templates read nothing."""
    return [part for maker in _makers.get(page, ()) if (part := maker(request, about)) is not None]
