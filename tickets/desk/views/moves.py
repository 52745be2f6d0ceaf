"""Moves between states, each with the small form it needs. The table in tickets/lifecycle.py decides which there are."""

from collections.abc import Mapping
from typing import Any, cast

from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, new_form_token, page, page_status
from tickets import queries
from tickets.desk import moving
from tickets.desk.composing import Desk
from tickets.desk.forms import MergeForm, MoveForm, ResolveForm, WaitForm, WithdrawForm
from tickets.desk.views.ticket import open_desk, show
from tickets.models import Ticket
from tickets.services import make_move, merge

FORMS: dict[str, type[MoveForm]] = {"wait": WaitForm, "resolve": ResolveForm, "withdraw": WithdrawForm}
WORDS: dict[str, dict[str, str]] = {
    "wait": {"title": "Wait for somebody", "send": "Set to waiting:", "text": "The promise goes on while you wait."},
    "resolve": {"title": "Resolve", "send": "Resolve", "text": "The customer can open it again within 14 days."},
    "withdraw": {
        "title": "Withdraw",
        "send": "Withdraw",
        "text": "It ends without a solution. A running promise ends with it.",
    },
}


@require_http_methods(["GET", "HEAD", "POST"])
@page("desk:open")
def move(request: Any, reference: str, name: str) -> HttpResponse:
    """A move that needs words has its page; one that needs none is made by its button."""
    desk = open_desk(request, reference)
    if name not in moving.MOVES or name == "merge":
        raise Http404
    if request.method != "POST":
        return _ask(request, desk, name)
    form = _form(desk, name, request.POST)
    if not form.is_valid():
        return _say_again(request, desk, name, form)
    try:
        _move_once(request, desk, name, form.cleaned_data)
    except Refused as refused:
        return _not_moved(request, desk, name, form, refused)
    return HttpResponseRedirect(desk.url("ticket"))


def _ask(request: Any, desk: Desk, name: str) -> HttpResponse:
    if name not in FORMS:
        return HttpResponseRedirect(desk.url("ticket"))
    if name not in desk.may:
        return show(request, desk, notice=_not_now(desk), status=409)
    return _move_page(request, desk, name, _form(desk, name))


def _not_now(desk: Desk) -> str:
    state = desk.ticket.get_state_display().lower()  # type: ignore[attr-defined]
    return f"That can not be done while the ticket is {state}. These buttons show what can be done."


def _say_again(request: Any, desk: Desk, name: str, form: MoveForm) -> HttpResponse:
    if name in FORMS:
        return _move_page(request, desk, name, form, status=422)
    return show(request, desk, notice="Nothing was changed. Press the button again.", status=422)


def _form(desk: Desk, name: str, data: Mapping[str, Any] | None = None) -> MoveForm:
    more: dict[str, Any] = (
        {"parties": moving.waiting_parties(desk.ticket, desk.readers.reseller)} if name == "wait" else {}
    )
    return FORMS.get(name, MoveForm)(data, initial={"version": desk.ticket.version}, **more)


def _move_once(request: Any, desk: Desk, name: str, cleaned: dict[str, Any]) -> None:
    details = {key: value for key, value in cleaned.items() if key != "version"}
    with once(request.actor, _key(request), _print(desk, name, details)) as deed:
        if deed.repeated is None:
            make_move(
                actor=request.actor,
                ticket=desk.ticket,
                move=name,
                now=request.unit.now,
                version=cleaned["version"],
                **details,
            )
            deed.finish(status=302, reply={})


def _key(request: Any) -> str:
    """Buttons of one page share its token, so the address tells their deeds apart."""
    token = form_token(request)
    return f"{token}:{request.path}"[:200] if token else ""


def _print(desk: Desk, name: str, details: Mapping[str, Any]) -> str:
    return fingerprint(desk.ticket.reference.encode(), name.encode(), repr(sorted(details.items())).encode())


def _not_moved(request: Any, desk: Desk, name: str, form: MoveForm, refused: Refused) -> HttpResponse:
    """Where there is a form, it comes again with its words and with what stands now; else the ticket says why not."""
    fresh = open_desk(request, desk.ticket.reference)
    status = page_status(refused)
    if name not in FORMS or name not in fresh.may:
        return show(request, fresh, notice=refused.message, status=status)
    data = cast(QueryDict, form.data).copy()
    data["version"] = str(fresh.ticket.version)
    again = _form(fresh, name, data)
    again.add_error(refused.param if refused.param in again.fields else None, refused.message)
    return _move_page(request, fresh, name, again, status=status)


def _move_page(request: Any, desk: Desk, name: str, form: MoveForm, *, status: int = 200) -> HttpResponse:
    context = {
        "section": "queue",
        "form": form,
        "ticket": desk.ticket,
        "words": WORDS[name],
        "back_url": desk.url("ticket"),
        # Only an answer stops the promise: said before anybody fills in a form that would be refused.
        "answer_first": name == "resolve" and desk.ticket.clock_due_at is not None,
        "reply_url": f"{desk.url('ticket', compose='public')}#compose_text" if "reply" in desk.may else "",
    }
    return render(request, "desk/move.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page("ticket:merge")
def merge_it(request: Any, reference: str) -> HttpResponse:
    """Choose the ticket that goes on, read what will happen, confirm."""
    desk = open_desk(request, reference)
    if "merge" not in desk.may:
        return show(request, desk, notice=_not_now(desk), status=409)
    data = request.POST if request.method == "POST" else request.GET
    form = MergeForm(data if "into" in data else None)
    if not form.is_valid():
        return _choose_page(request, desk, form, status=422 if form.is_bound else 200)
    into = _survivor(desk, form)
    if into is None:
        return _choose_page(request, desk, form, status=422)
    if request.method != "POST":
        return _confirm_page(request, desk, into)
    try:
        _merge_once(request, desk, into)
    except Refused as refused:
        form.add_error("into", refused.message)
        return _choose_page(request, open_desk(request, reference), form, status=page_status(refused))
    return HttpResponseRedirect(desk.url("ticket").replace(desk.ticket.reference, into.reference, 1))


def _survivor(desk: Desk, form: MergeForm) -> Ticket | None:
    """The ticket that goes on; what can not be is said at the field. Another customer's is as unknown as none."""
    try:
        into = queries.ticket_for(desk.actor, form.cleaned_data["into"])
    except NotFound:
        into = None
    if into is None or into.customer_id != desk.ticket.customer_id:
        form.add_error("into", f"{desk.ticket.customer.name} has no ticket with this number")
    elif into.pk == desk.ticket.pk:
        form.add_error("into", "Enter the number of another ticket")
    elif not into.is_open:
        form.add_error("into", f"{into.reference} has ended. Open it again first")
    return into if form.is_valid() else None


def _merge_once(request: Any, desk: Desk, into: Ticket) -> None:
    version = request.POST.get("version", "")
    with once(request.actor, _key(request), _print(desk, "merge", {"into": into.reference})) as deed:
        if deed.repeated is None:
            merge(
                actor=request.actor,
                ticket=desk.ticket,
                into=into,
                now=request.unit.now,
                version=int(version) if version.isdecimal() and len(version) < 10 else None,
            )
            deed.finish(status=302, reply={})


def _choose_page(request: Any, desk: Desk, form: MergeForm, *, status: int = 200) -> HttpResponse:
    others = queries.visible_tickets(desk.actor).open().filter(customer_id=desk.ticket.customer_id)
    context = {
        "section": "queue",
        "form": form,
        "ticket": desk.ticket,
        "others": list(others.exclude(pk=desk.ticket.pk).order_by("-reported_at", "-id")[:10]),
        "back_url": desk.url("ticket"),
        "here": desk.url("merge"),
    }
    return render(request, "desk/merge.html", context, status=status)


def _confirm_page(request: Any, desk: Desk, into: Ticket) -> HttpResponse:
    ticket = desk.ticket
    due = [one.clock_due_at for one in (ticket, into) if one.clock_due_at is not None]
    context = {
        "section": "queue",
        "ticket": ticket,
        "into": into,
        "due_at": min(due) if due else None,
        "action": desk.url("merge"),
        "back_url": desk.url("ticket"),
        "merge_token": new_form_token(),
    }
    return render(request, "desk/merge_confirm.html", context)
