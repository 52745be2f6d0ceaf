"""Who asks, and may they. The middleware has found the token already (tenancy/middleware.py); sessions count for nothing here."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenancy.actor import Actor, NotAllowed
from tenancy.api.problems import MissingScope
from tenancy.capabilities import SCOPES, role_may


class ActorAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found: Any = request._request  # as the middleware left it
        if found.token_refused is not None:
            raise AuthenticationFailed
        return None if found.token is None else (AnonymousUser(), found.token)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """A view names in `capabilities` what each of its methods needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is None:
            raise NotAuthenticated
        found: Any = request._request
        method = "GET" if request.method == "HEAD" else str(request.method)
        for capability in view.capabilities.get(method, ()):
            require(found.actor, capability)
        return True


def scopes_for(capability: str) -> list[str]:
    return [scope for scope, names in SCOPES.items() if capability in names]


def require(actor: Actor, capability: str) -> None:
    """Raises NotAllowed when no token of this organisation may, MissingScope when only this one may not."""
    if actor.can(capability):
        return
    if not role_may(actor.role, capability):
        raise NotAllowed("Your kind of organisation may not do this, whatever the scopes of its token.")
    needed = " or ".join(scopes_for(capability))
    raise MissingScope(f"This token lacks the scope {needed}. Make a token that has it under Tokens.")
