"""The renewals desk: what ends when and what it is worth, and a renewal in two clicks."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from contracts.letters import administrators
from contracts.models import AgreementTerm
from contracts.renewals import queries
from contracts.renewals.forms import FilterForm, LetterForm, chosen_seller
from contracts.renewals.letter import suggested
from contracts.renewals.queries import Group, Row
from contracts.services.renewing import Renewal, open_offer, planned_renewal, send_renewal
from contracts.standing import today_of
from rozoom_support.lib.money import shown
from rozoom_support.lib.refusals import Refused
from rozoom_support.lib.sheets import csv_download
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, page

COLUMNS = (
    "group", "customer", "agreement", "ends_on", "state", "components", "value", "currency", "last_term", "sold_by",
    "ordered_by", "last_contact", "last_contact_on", "open_tickets", "next_step",
)  # fmt: skip


@require_GET
@page("renewal:read")
def renewals(request: Any) -> HttpResponse:
    form = FilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {"q": "", "seller": ""}
    is_staff = request.actor.is_operator
    sellers = list(queries.sellers()) if is_staff else []
    seller = chosen_seller(asked["seller"], sellers)
    code = seller.code if seller else ""
    groups = queries.groups(request.actor, request.unit.now, seller=code, words=asked["q"])
    if request.GET.get("format") == "csv":
        rows = (_values(group, row) for group in groups for row in group.rows)
        return csv_download("renewals.csv", COLUMNS, rows)
    context = {
        "section": "renewals",
        "groups": groups,
        "count": sum(len(group.rows) for group in groups),
        "requests": list(queries.requests_of(request.actor, code)),
        "next_end": queries.next_end(request.actor, request.unit.now),
        "words": asked["q"],
        "seller": seller,
        "sellers": sellers,
        "filters": [*([f"“{asked['q']}”"] if asked["q"] else []), *([seller.name] if seller else [])],
        "may_quote": request.actor.can("agreement:quote"),
        "may_price": request.actor.can("price:manage"),
    }
    return render(request, "contracts/renewals/list.html", context)


@require_http_methods(["GET", "POST"])
@page("agreement:quote")
def prepare(request: Any, term_id: UUID) -> HttpResponse:
    """The letter with its quote to look at; sent, the quote is made. The same form twice is one quote."""
    term = queries.renewable_term(request.actor, term_id)
    if request.method == "GET" and open_offer(term, today_of(term.agreement.customer, request.unit.now)):
        messages.info(request, "A renewal is prepared already. Here it is.")
        return redirect("contracts:agreement", term.agreement_id)
    form = LetterForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            return _send(request, term, form.cleaned_data["letter"])
        except Refused as refused:
            form.add_error("letter" if refused.param == "letter" else None, refused.message)
            request.unit.failed = True
    renewal = planned_renewal(term, request.unit.now)
    if not form.is_bound:
        form = LetterForm(initial={"letter": suggested(renewal, request.actor)})
    return render(
        request,
        "contracts/renewals/prepare.html",
        _preview(request, renewal, form),
        status=422 if form.is_bound else 200,
    )


def _send(request: Any, term: AgreementTerm, letter: str) -> HttpResponse:
    url = reverse("contracts:renewals")
    digest = fingerprint(request.path.encode(), letter.encode())
    with once(request.actor, form_token(request), digest) as deed:
        if deed.repeated is None:
            quoted = send_renewal(actor=request.actor, term=term, letter=letter, now=request.unit.now)
            deed.finish(status=302, reply={"location": url})
            total = shown(queries.total_of(quoted), term.agreement.currency)
            messages.success(
                request,
                f"Renewal of {term.agreement} quoted, {total}. The letter to {term.agreement.customer} is on its way.",
            )
    return HttpResponseRedirect(url)


def _preview(request: Any, renewal: Renewal, form: LetterForm) -> dict[str, Any]:
    agreement = renewal.ending.agreement
    plan = renewal.plan
    return {
        "section": "renewals",
        "form": form,
        "agreement": agreement,
        "term": renewal.ending,
        "stands": renewal.stands,
        "starts": renewal.term[0],
        "ends": renewal.term[1],
        "lines": [
            {
                "line": line,
                "list_price": shown(line.list_price, plan.offer.currency),
                "fee": shown(line.fee, plan.offer.currency),
            }
            for line in plan.lines
        ],
        "total": shown(plan.total, plan.offer.currency),
        "warnings": len(plan.warnings),
        # A reseller may not read who works for its customer; its letter goes to the same people.
        "readers": administrators(agreement.customer) if request.actor.is_operator else None,
    }


def _values(group: Group, row: Row) -> list[Any]:
    contact = row.last_contact
    return [
        group.name,
        row.term.agreement.customer.name,
        row.term.agreement.number,
        row.term.end_date.isoformat(),
        row.stands.state.label,
        len(row.components),
        row.value,
        row.currency,
        row.cost,
        row.term.agreement.sold_by.name,
        row.term.ordered_by_name,
        contact.get_kind_display() if contact else "",
        contact.told_at.isoformat(timespec="seconds") if contact else "",
        row.tickets,
        row.next_step,
    ]
