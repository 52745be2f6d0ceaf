"""Deeds on one return, each with the page it needs. rma/actions says which there are; the tables of moves decide."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rma import actions
from rma.actions import Action
from rma.desk.doors import Done, Question, deed_page, posted
from rma.desk.forms import ActionForm, fit_units
from rma.desk.sheet import load
from rma.desk.views.board import ROZOOM
from rma.lifecycle import machine_of
from rma.models import Rma
from rma.services import CannotMove, approving
from rma.states import RmaState
from rozoom_support.lib.money import shown
from rozoom_support.lib.refusals import Refused
from tenancy.pages import page

POSTS = require_http_methods(["GET", "HEAD", "POST"])
S = RmaState
STOPPED = (S.ON_HOLD, S.BACKORDERED, S.RETURN_MISMATCH, S.MISMATCH)
SCANS = {"ship": "ship", "ship_back": "ship", "receive": "receive_one"}  # with pages of their own


def url(name: str, rma: Rma, *more: Any) -> str:
    return reverse(f"returns_desk:{name}", args=[rma.reference, *more])


@POSTS
@page(ROZOOM)
def deed(request: Any, rma: str, deed: str) -> HttpResponse:
    """Whatever `rma/actions` offers. One that is not possible now says why, and what comes next."""
    found = load(request.actor, rma, request.unit.now)
    if deed not in actions.NAMES:
        raise Http404
    try:
        action = actions.find(found, request.actor, deed)
    except CannotMove as refused:
        return not_now(request, found, refused)
    if deed in SCANS:
        return HttpResponseRedirect(url(SCANS[deed], found))
    form = ActionForm(action.asked(found), found, posted(request), initial={"version": found.version})
    asked = Question(
        title=action.label,
        send=action.label,
        cancel_url=url("return", found),
        back=found.reference,
        section="returns",
        about=about(found),
        effects=(*action.effects, *_effects_now(action, found, request)),
        look="danger" if action.look == "danger" else "primary",
    )

    def do(data: dict[str, Any]) -> Done:
        version = data["version"] if action.has_version else None
        done = action.do(actor=request.actor, rma=found, now=request.unit.now, version=version, values=form.values())
        return done_words(action, found, done)

    return deed_page(request, asked, form, do)


def about(rma: Rma) -> str:
    product = rma.component.product.name if rma.component else "Serial not registered"
    return f"{product}, serial {rma.serial}, {rma.customer.name}"


def done_words(action: Action, before: Rma, after: Rma) -> Done:
    """Where it stands now. What was stopped on the way is said as a warning."""
    machine = machine_of(after)
    next_step = machine.next_step(after.state)
    words = f"{after.reference}: {action.label.lower()}."
    if after.pk != before.pk:
        words = f"{before.reference} goes on as {after.reference}."
    is_stopped = after.state in STOPPED and after.state != before.state
    if is_stopped and after.hold_reason:
        next_step = after.hold_reason
    said = f"{words} It is in the state “{RmaState(after.state).label}”. {next_step}"
    return said, url("return", after), "warning" if is_stopped and action.name not in ("hold", "stop") else "success"


def _effects_now(action: Action, rma: Rma, request: Any) -> list[str]:
    """What depends on this return: days, prices, stock."""
    if action.name == "approve":
        return _if_approved(rma, request)
    if action.name == "allocate":
        count = len(fit_units(rma))
        return [
            f"{count} fit unit{'' if count == 1 else 's'} in stock now." if count else "No fit unit is in stock now."
        ]
    if action.name == "charge" and rma.list_price is not None:
        return [f"The invoice is over {shown(rma.list_price, rma.list_price_currency)}."]
    return []


def _if_approved(rma: Rma, request: Any) -> list[str]:
    """The promise that approving now would give, in its own words."""
    if rma.component is None:
        return []
    try:
        pool = approving.nearest_pool(rma)
        trial = Rma(component=rma.component, ship_to=rma.ship_to, decision=rma.decision)
        approving.promise_dates(request.actor, trial, pool, request.unit.now)
    except Refused as refused:
        return [refused.message]
    return [f"From {pool.name}: {trial.promise_reason}"]


def not_now(request: Any, rma: Rma, refused: Refused) -> HttpResponse:
    """An illegal move explains itself, and shows what is possible instead."""
    context = {
        "section": "returns",
        "rma": rma,
        "words": refused.message,
        "possible": actions.offered(rma, request.actor),
        "back_url": url("return", rma),
    }
    return render(request, "rma/desk/not_now.html", context, status=422)
