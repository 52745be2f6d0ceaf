"""The admin's own door: roZoom's people come in, everybody else finds nothing there."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from tenancy.pages import to_sign_in

View = Callable[..., HttpResponse]
OURS = {"tenancy", "notifications", "sla", "contracts", "tickets"}


class NamingTenants(AutocompleteJsonView):
    """Two customers may each have a "Main site": what belongs to one is offered with its name."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        found = super().serialize_result(obj, to_field_name)
        owner = getattr(obj, "customer", None)
        return {**found, "text": f"{found['text']}, {owner}"} if owner else found


class OperatorsSite(UnfoldAdminSite):
    """One way to sign in, to sign out and to change a password for everybody: the product's own pages."""

    index_title = "Administration"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only pages of ours: packages bring some for groups nobody has, and for the secrets of people's accounts."""
        if admin_class is not None and admin_class.__module__.partition(".")[0] in OURS:
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        guarded: View = super().admin_view(view, cacheable)

        def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not self.has_permission(request):
                raise Http404
            return guarded(request, *args, **kwargs)

        return update_wrapper(door, view)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        view: Any = NamingTenants.as_view(admin_site=self)
        return view(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return self.admin_view(lambda _: HttpResponseRedirect(reverse("admin:index")))(request)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))
