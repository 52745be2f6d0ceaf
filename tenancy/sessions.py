"""Sessions belong to the login role, also when a view signs out or cycles the key inside a tenant context."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession

from tenancy.context import as_login_role


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        return DatabaseStore.get_model_class()

    def _get_session_from_db(self) -> Any:
        with as_login_role():
            return super()._get_session_from_db()  # type: ignore[misc]

    def exists(self, session_key: str) -> bool:
        with as_login_role():
            return super().exists(session_key)

    def save(self, must_create: bool = False) -> None:
        with as_login_role():
            super().save(must_create=must_create)

    def delete(self, session_key: str | None = None) -> None:
        with as_login_role():
            super().delete(session_key)
