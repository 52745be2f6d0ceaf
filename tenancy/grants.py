"""Rights on tables without tenant columns: what settings.TENANT_SHARED_TABLES declares, and nothing else."""

from typing import Any

from django.conf import settings
from django.db import connections

GRANTEES = ("app", "customer", "reseller", "supplier", "staff", "worker")


def apply_shared_grants(sender: Any, using: str, plan: Any = None, **kwargs: Any) -> None:
    """Runs after migrate only (flush sends no plan), as the owner."""
    if plan is None:
        return
    connection = connections[using]
    present = set(connection.introspection.table_names())
    statements = []
    for table, grants in settings.TENANT_SHARED_TABLES.items():
        if table not in present:
            continue
        for role in GRANTEES:
            statements.append(f'REVOKE ALL ON "{table}" FROM rozoom_{role}')
            if role in grants:
                statements.append(f'GRANT {grants[role]} ON "{table}" TO rozoom_{role}')
    if statements:
        with connection.cursor() as cursor:
            cursor.execute("; ".join(statements))
