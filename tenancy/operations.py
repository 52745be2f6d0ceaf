"""Migration operations that raise the wall with the table. Names of tables and columns come from code, never from users."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.migrations.operations.base import Operation

READ_WRITE = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"
CURRENT_ORG = "(SELECT app.current_org())"
# The deputy of customer 0 is nobody's: it reaches what belongs to no customer (tenancy/context.py).
DEPUTY_RULE = "customer_id IS NOT DISTINCT FROM (SELECT nullif(app.current_org(), 0))"


class TableOperation(Operation):
    """SQL made from one model's table, forwards and backwards, leaving Django's own state alone."""

    reversible = True
    reduces_to_sql = True
    model_name: str

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def _run(self, app_label: str, schema_editor: Any, state: Any, make: Any) -> None:
        app, _, name = self.model_name.rpartition(".")
        model = state.apps.get_model(app or app_label, name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for sql in make(model):
                schema_editor.execute(sql, params=None)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._run(app_label, schema_editor, to_state, self.forwards)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._run(app_label, schema_editor, from_state, self.backwards)

    def forwards(self, model: Any) -> Iterator[str]:
        raise RuntimeError("TableOperation needs forwards()")

    def backwards(self, model: Any) -> Iterator[str]:
        raise RuntimeError("TableOperation needs backwards()")


class TenantPolicies(TableOperation):
    """Row security, forced, with one policy per audience and its grants.

    customer, reseller, supplier: the column that must equal the audience's organisation, a whole condition (anything
    with a space in it), or None for no row at all. kinds={"customer": [...]} adds a RESTRICTIVE policy on `kind`;
    own="person_id" adds one that shows tenants and staff only their own rows; login gives the login role itself rights.
    The deputy, which has the worker's rights, is confined to one customer's rows.
    """

    def __init__(
        self,
        model_name: str,
        *,
        customer: str | None = "customer_id",
        reseller: str | None = "reseller_id",
        supplier: str | None = None,
        customer_grant: str = READ_WRITE,
        reseller_grant: str = READ_WRITE,
        supplier_grant: str = "",
        staff_grant: str = READ_WRITE,
        worker_grant: str = READ_WRITE,
        kinds: dict[str, list[str]] | None = None,
        own: str = "",
        login: str = "",
    ) -> None:
        self.model_name = model_name
        self.customer, self.reseller, self.supplier = customer, reseller, supplier
        self.customer_grant, self.reseller_grant, self.supplier_grant = customer_grant, reseller_grant, supplier_grant
        self.staff_grant, self.worker_grant = staff_grant, worker_grant
        self.kinds, self.own, self.login = kinds or {}, own, login

    def _audiences(self) -> Iterator[tuple[str, str, str]]:
        tenants = (
            ("customer", self.customer_grant if self.customer else "", self.customer),
            ("reseller", self.reseller_grant if self.reseller else "", self.reseller),
            ("supplier", self.supplier_grant if self.supplier else "", self.supplier),
        )
        for audience, grant, column in tenants:
            condition = "false" if not column else column if " " in column else f"{column} = {CURRENT_ORG}"
            yield audience, grant, condition
        yield "staff", self.staff_grant, "true"
        yield "worker", self.worker_grant, "true"
        yield "owner", "", "true"
        if self.login:
            yield "app", self.login, "true"

    def _restrictions(self, model: Any) -> Iterator[tuple[str, str, str]]:
        if any(field.attname == "customer_id" for field in model._meta.local_fields):
            yield "deputy", "deputy_customer", DEPUTY_RULE
        for audience, kinds in self.kinds.items():
            listed = ", ".join(f"'{kind}'" for kind in kinds)
            yield audience, f"{audience}_kinds", f"kind IN ({listed})"
        if self.own:
            for audience in ("customer", "reseller", "supplier", "staff"):
                yield audience, f"{audience}_own", f"{self.own} = (SELECT app.current_person())"

    def forwards(self, model: Any) -> Iterator[str]:
        table = model._meta.db_table
        yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
        yield f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'
        for name, grant, condition in self._audiences():
            yield f'CREATE POLICY {name}_rows ON "{table}" TO rozoom_{name} USING ({condition}) WITH CHECK ({condition})'
            if grant:
                yield f'GRANT {grant} ON "{table}" TO rozoom_{name}'
        for audience, policy, rule in self._restrictions(model):
            yield (
                f'CREATE POLICY {policy} ON "{table}" AS RESTRICTIVE TO rozoom_{audience} USING ({rule}) WITH CHECK ({rule})'
            )

    def backwards(self, model: Any) -> Iterator[str]:
        table = model._meta.db_table
        for _, policy, _ in self._restrictions(model):
            yield f'DROP POLICY IF EXISTS {policy} ON "{table}"'
        for name, grant, _ in self._audiences():
            yield f'DROP POLICY {name}_rows ON "{table}"'
            if grant:
                yield f'REVOKE ALL ON "{table}" FROM rozoom_{name}'
        yield f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY'
        yield f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY'

    def describe(self) -> str:
        return f"Raise tenant policies on {self.model_name}"


class TenantKey(TableOperation):
    """The composite constraint behind an ORM ForeignKey(db_constraint=False).

    TenantKey("ticket") ties (customer_id, reseller_id) to the organisation, and follows when a customer changes reseller.
    TenantKey("message", "ticket", "tickets.Ticket") ties (customer_id, ticket_id) to that customer's ticket.
    """

    def __init__(self, model_name: str, field: str = "", to: str = "", on_delete: str = "NO ACTION") -> None:
        self.model_name, self.field, self.to, self.on_delete = model_name, field, to, on_delete

    def _name(self, table: str) -> str:
        name = f"{table}_{self.field or 'tenant'}_key_fk"
        if len(name) > 63:
            raise ValueError(f"constraint name too long: {name}")
        return name

    def forwards(self, model: Any) -> Iterator[str]:
        table = model._meta.db_table
        if self.field:
            app, _, name = self.to.partition(".")
            target = model._meta.apps.get_model(app, name)._meta.db_table
            columns, target_columns = ("customer_id", f"{self.field}_id"), ("customer_id", "id")
        else:
            target = "tenancy_organisation"
            columns, target_columns = ("customer_id", "reseller_id"), ("id", "reseller_id")
        yield (
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{self._name(table)}" FOREIGN KEY ({_quoted(columns)}) '
            f'REFERENCES "{target}" ({_quoted(target_columns)}) ON UPDATE CASCADE ON DELETE {self.on_delete} '
            "DEFERRABLE INITIALLY IMMEDIATE"
        )

    def backwards(self, model: Any) -> Iterator[str]:
        table = model._meta.db_table
        yield f'ALTER TABLE "{table}" DROP CONSTRAINT "{self._name(table)}"'

    def describe(self) -> str:
        return f"Tie {self.model_name} to {self.to or 'its customer and reseller'}"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
