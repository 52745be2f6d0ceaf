"""PostgreSQL backend that knows two logins: the application's and, where configured, the owner's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, creation
from django.db.utils import DatabaseErrorWrapper, OperationalError, ProgrammingError

if TYPE_CHECKING:
    from tenancy.context import Unit


class TenantAccessDenied(ProgrammingError):
    """PostgreSQL refused: no context, wrong role, or a row outside the context (SQLSTATE 42501)."""


class ErrorWrapper(DatabaseErrorWrapper):
    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        if getattr(exc_value, "pgcode", None) == "42501":
            raise TenantAccessDenied(*exc_value.args).with_traceback(traceback) from exc_value
        if exc_type is psycopg2.DatabaseError:
            # Of no kind: libpq had no answer of the server to tell one by ("server closed the connection unexpectedly").
            raise OperationalError(*exc_value.args).with_traceback(traceback) from exc_value
        super().__exit__(exc_type, exc_value, traceback)


class DatabaseCreation(creation.DatabaseCreation):
    """Test databases are created, migrated and dropped by the owner."""

    connection: "DatabaseWrapper"

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        with self.connection.as_owner():
            return super().create_test_db(*args, **kwargs)

    def destroy_test_db(self, *args: Any, **kwargs: Any) -> None:
        with self.connection.as_owner():
            super().destroy_test_db(*args, **kwargs)

    def clone_test_db(self, *args: Any, **kwargs: Any) -> None:
        with self.connection.as_owner():
            super().clone_test_db(*args, **kwargs)

    def serialize_db_to_string(self) -> str:
        with self.connection.as_owner():
            return super().serialize_db_to_string()

    def deserialize_db_from_string(self, data: str) -> None:
        with self.connection.as_owner():
            super().deserialize_db_from_string(data)


class DatabaseWrapper(base.DatabaseWrapper):
    creation_class = DatabaseCreation
    unit: "Unit | None" = None  # the open unit of work, see tenancy.context
    owner_depth = 0

    @property
    def wrap_database_errors(self) -> ErrorWrapper:  # type: ignore[override]
        return ErrorWrapper(self)

    @contextmanager
    def as_owner(self) -> Iterator[None]:
        """Reconnect as the owner for the block. Refused inside a transaction and where no OWNER is configured."""
        owner = self.settings_dict.get("OWNER")
        if not owner:
            raise ImproperlyConfigured("This process has no database owner login. Set DATABASE_OWNER_URL to migrate.")
        if self.owner_depth:
            yield
            return
        if self.in_atomic_block:
            raise ProgrammingError("as_owner() needs to reconnect and cannot run inside a transaction.")
        saved = {key: self.settings_dict[key] for key in ("USER", "PASSWORD", "OPTIONS")}
        self.close()
        self.settings_dict.update(owner)
        self.owner_depth = 1
        try:
            yield
        finally:
            self.close()
            self.settings_dict.update(saved)
            self.owner_depth = 0
