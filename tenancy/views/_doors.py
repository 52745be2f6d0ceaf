"""What the doors here share."""

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import Deed, fingerprint
from tenancy.middleware import identity_view
from tenancy.pages import FORM_TOKEN, View, to_sign_in

Form = Any


def personal(view: View) -> View:
    """For whoever is signed in, also without an organisation. It runs as the login role, which owns people."""

    @identity_view
    @never_cache
    @wraps(view)
    def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        return view(request, *args, **kwargs)

    return door


def way_back(request: HttpRequest, default: str = "/") -> str:
    """Where a small form on every page was sent from. Only an address of ours."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return default


def print_of(request: HttpRequest) -> str:
    """Two sendings of one form are the same request; its CSRF mask may differ between them."""
    fields = [f"{name}={value}" for name, values in sorted(request.POST.lists()) for value in values]
    said = [field for field in fields if not field.startswith(("csrfmiddlewaretoken=", f"{FORM_TOKEN}="))]
    return fingerprint(request.path.encode(), *(field.encode() for field in said))


def go(name: str, *args: Any, deed: Deed | None = None) -> HttpResponse:
    """Redirect after a deed, and answer the same form sent again the same way."""
    url = reverse(name, args=args)
    if deed is not None:
        deed.finish(status=302, reply={"location": url})
    return HttpResponseRedirect(url)


def show_refusal(form: Form, refused: Refused) -> None:
    """At its field where the form has it, else above the form."""
    form.add_error(refused.param if refused.param in form.fields else None, refused.message)
