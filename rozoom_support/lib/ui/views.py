import base64
import hashlib

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from rozoom_support.lib.ui import samples

# The error page asks for nothing else, so its few rules stand in it; the policy of that one answer allows them by their hash.
ERROR_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;background:light-dark(#F5F7F8,#0E1519);color:light-dark(#14202A,#E7EDF0);font:1rem/1.5 system-ui,sans-serif}"
    "main{max-width:36rem;margin:12vh auto;padding:24px}"
    "h1{font-size:1.75rem;line-height:1.2}"
    "a{color:light-dark(#0B5F66,#6FD3DA)}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(ERROR_STYLE.encode()).digest()).decode()
ERROR_POLICY = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
)


def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state: for the eye, and for tests. Not part of the product people reach."""
    if not (settings.DEMO or settings.TESTING):
        raise Http404
    return render(request, "components/styleguide.html", samples.everything(request))


def error_page(status: int, *, reference: str = "") -> HttpResponse:
    """500 or 503: no request, no context processors and no database, which may be what failed."""
    context = {"style": ERROR_STYLE, "reference": reference, "support": settings.SUPPORT_CONTACT}
    response = HttpResponse(render_to_string(f"{status}.html", context), status=status)
    response.headers["Content-Security-Policy"] = ERROR_POLICY
    return response
