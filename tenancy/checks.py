"""The application refuses to start on a login that could look over the wall, or on a PostgreSQL below the security floor."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import connections

# First safe minor release per major version (docs/architecture.md, "The wall between tenants").
VERSION_FLOOR = {15: 150014, 16: 160010, 17: 170006, 18: 180000}
LOGIN = """
SELECT r.rolsuper OR r.rolbypassrls OR r.rolinherit
       OR pg_has_role(session_user, 'rozoom_owner', 'member')
       OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace),
       current_setting('server_version_num')::int
FROM pg_roles r WHERE r.rolname = session_user"""


def wall_offences(alias: str) -> list[Error]:
    """What makes this login or server unfit to serve tenants; empty when fit."""
    with connections[alias].cursor() as cursor:
        cursor.execute(LOGIN)
        unsafe, version = cursor.fetchone()
    errors = []
    if unsafe:
        errors.append(
            Error(
                "The application's database login may bypass row security (superuser, BYPASSRLS, INHERIT or owner).",
                hint="Use the login rozoom_app made by tenancy/roles.sql in DATABASE_URL.",
                id="tenancy.E001",
            )
        )
    major = version // 10000
    floor = VERSION_FLOOR.get(major, VERSION_FLOOR[18] if major > 18 else None)
    if floor is None or version < floor:
        errors.append(
            Error(
                f"PostgreSQL {version} is below the security floor.",
                hint="Use at least 15.14, 16.10, 17.6 or 18.0.",
                id="tenancy.E002",
            )
        )
    return errors


@register(Tags.database)
def login_role(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[Error]:
    errors = []
    for alias in databases or []:
        connection: Any = connections[alias]
        if not connection.owner_depth:
            errors += wall_offences(alias)
    return errors
