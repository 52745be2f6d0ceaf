"""A deed by its name: who may do it, what it asks for, and the service that does it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rma.actions.fields import Field
from rma.models import Rma
from tenancy.actor import Actor

# (actor=, rma=, now=, version=, **values): the return to show next, which is another one where it goes on as that.
Run = Callable[..., Rma]


@dataclass(frozen=True)
class Action:
    """`name` is that of its move in rma/lifecycle.py, or its own where nothing moves. `look` is that of its button."""

    name: str
    label: str
    run: Run
    fields: tuple[Field, ...] = ()
    needs: str = "rma:manage"
    effects: tuple[str, ...] = ()
    look: str = ""
    has_version: bool = True

    def asked(self, rma: Rma) -> list[Field]:
        return [field for field in self.fields if field.asked_of(rma)]

    def do(self, *, actor: Actor, rma: Rma, now: datetime, version: int | None, values: dict[str, Any]) -> Rma:
        """`values` by the names of the fields; what was left out is not in it."""
        return self.run(actor=actor, rma=rma, now=now, version=version, **values)
