"""One unit of work = one transaction = at most one tenant context, set transaction-locally (docs/architecture.md)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

ROLES = {
    "customer": "rozoom_customer",
    "reseller": "rozoom_reseller",
    "supplier": "rozoom_supplier",
    "staff": "rozoom_staff",
    "worker": "rozoom_worker",
    "deputy": "rozoom_deputy",
}
TENANTS = {"customer", "reseller", "supplier"}
WITH_ORGANISATION = TENANTS | {"deputy"}
NOBODYS = 0  # the deputy of no customer reaches the rows that belong to none: a supplier's record of a pool unit
# One statement sets role and context and brings back the instant that judges everything done in this unit.
ENTER = (
    "SELECT set_config('role', %s, true), set_config('app.org', %s, true), set_config('app.person', %s, true), "
    "clock_timestamp()"
)


class ContextError(RuntimeError):
    """A unit of work was opened, nested or left in a way that would blur whose rows are meant."""


class TransactionAborted(DatabaseError):
    """A database error was swallowed: COMMIT would silently become ROLLBACK."""


@dataclass(frozen=True)
class Context:
    """Whose eyes the database looks through: an audience, and for tenants their organisation."""

    audience: str
    org: int | None = None
    person: int | None = None

    def __post_init__(self) -> None:
        if self.audience not in ROLES:
            raise ContextError(f"unknown audience {self.audience!r}")
        if (self.audience in WITH_ORGANISATION) != (self.org is not None):
            raise ContextError(
                "customer, reseller, supplier and deputy need an organisation; staff and worker must not have one"
            )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Unit:
    """The open unit of work. `now` is the database's clock at the moment the context was set."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.ctx: Context | None = None
        self.failed = False
        self.now: datetime | None = None

    def _set(self, role: str, org: str = "", person: str = "") -> datetime:
        with self.connection.cursor() as cursor:
            cursor.execute(ENTER, [role, org, person])
            return cursor.fetchone()[3]

    def enter(self, ctx: Context) -> None:
        if self.ctx is not None:
            raise ContextError("a tenant context is already set in this unit of work")
        self.now = self.restore(ctx)
        self.ctx = ctx

    def restore(self, ctx: Context) -> datetime:
        return self._set(ROLES[ctx.audience], "" if ctx.org is None else str(ctx.org), str(ctx.person or ""))

    def leave(self) -> None:
        self._set("none")

    @property
    def aborted(self) -> bool:
        raw = self.connection.connection
        return raw is None or raw.closed or raw.get_transaction_status() == TRANSACTION_STATUS_INERROR


@contextmanager
def work_unit(ctx: Context | None = None, using: str = DEFAULT_DB_ALIAS) -> Iterator[Unit]:
    """Open the transaction; with ctx=None it runs as the login role until unit.enter()."""
    connection: Any = connections[using]
    if connection.unit is not None:
        raise ContextError("units of work do not nest")
    unit = connection.unit = Unit(connection)
    try:
        with transaction.atomic(using=using, durable=True):
            if ctx is not None:
                unit.enter(ctx)
            yield unit
            if unit.failed:
                transaction.set_rollback(True, using=using)
            elif unit.aborted:
                raise TransactionAborted("a database error was swallowed in this unit of work")
    finally:
        connection.unit = None
        # Only under TestCase is there still an outer transaction; RELEASE SAVEPOINT has kept SET LOCAL alive in it.
        if unit.ctx is not None and connection.in_atomic_block and not unit.aborted:
            unit.leave()


@contextmanager
def as_login_role(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Step out of the context for session, person and token tables, then restore it."""
    connection: Any = connections[using]
    unit: Unit | None = connection.unit
    if unit is None or unit.ctx is None:
        yield
        return
    ctx = unit.ctx
    unit.leave()
    unit.ctx = None
    try:
        yield
    finally:
        unit.ctx = ctx
        if not unit.aborted:
            unit.restore(ctx)


@contextmanager
def as_deputy(customer_id: int | None, using: str = DEFAULT_DB_ALIAS, *, staff_too: bool = False) -> Iterator[None]:
    """Write for a tenant what its own role may only read, after the row was found under that role (ADR 20).

    The deputy has the worker's rights on the rows of this one customer, and on those that belong to none. Staff and jobs
    stay what they are, unless `staff_too`: for rows that hold a secret, which no role of people may read. Inside the deed's
    own atomic block: a database error rolls that block back, and the role with it.
    """
    connection: Any = connections[using]
    unit: Unit | None = connection.unit
    if unit is None or unit.ctx is None:
        raise ContextError("there is no tenant context to step out of")
    ctx = unit.ctx
    deputy = Context("deputy", NOBODYS if customer_id is None else customer_id)
    if ctx.audience == "deputy" and ctx != deputy:
        raise ContextError("a deputy of one customer cannot become another's")
    if ctx.audience not in TENANTS and not (staff_too and ctx.audience == "staff"):
        yield
        return
    unit.ctx = deputy
    unit.restore(deputy)
    try:
        yield
    finally:
        unit.ctx = ctx
        if not unit.aborted:
            unit.restore(ctx)


def acts_as_deputy(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether a tenant's deed is being written now: other customers' rows are out of sight."""
    unit: Unit | None = cast(Any, connections[using]).unit
    return unit is not None and unit.ctx is not None and unit.ctx.audience == "deputy"


@contextmanager
def looking_as(ctx: Context, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Inside a job's unit: see only what this tenant sees, then go on as the job. For a door that acts for somebody."""
    connection: Any = connections[using]
    unit: Unit | None = connection.unit
    if unit is None or unit.ctx is None or unit.ctx.audience != "worker":
        raise ContextError("only a job may look through a tenant's eyes")
    before, unit.ctx = unit.ctx, ctx
    unit.restore(ctx)
    try:
        yield
    finally:
        unit.ctx = before
        if not unit.aborted:
            unit.restore(before)


def database_now(using: str = DEFAULT_DB_ALIAS) -> datetime:
    """The database's clock, the only one that judges a promise. Read once, at the door."""
    connection: Any = connections[using]
    if connection.unit is not None and connection.unit.now is not None:
        return connection.unit.now
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
