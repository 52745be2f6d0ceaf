"""The admin's own door: roZoom's people come in, everybody else finds nothing there."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from tenancy.pages import to_sign_in

View = Callable[..., HttpResponse]


class OperatorsSite(UnfoldAdminSite):
    """One way to sign in, to sign out and to change a password for everybody: the product's own pages."""

    index_title = "Administration"

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        guarded: View = super().admin_view(view, cacheable)

        def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not self.has_permission(request):
                raise Http404
            return guarded(request, *args, **kwargs)

        return update_wrapper(door, view)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return self.admin_view(lambda _: HttpResponseRedirect(reverse("admin:index")))(request)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))
