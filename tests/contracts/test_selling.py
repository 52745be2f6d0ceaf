"""The pages of agreements, quotes, orders and invoices: each door, each role, and what is shown to whom."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from contracts import services
from contracts.models import (
    AgreementTerm,
    Component,
    CreditNote,
    Invoice,
    Payment,
    PaymentAttestation,
    PriceListEntry,
    QuoteRequest,
    SupportAgreement,
)
from notifications.models import Event
from tenancy.context import Context, database_now, work_unit
from tenancy.models import AuditEvent, Organisation
from tests.contracts.deals import STAFF, ago, day_of, implemented, price, warranty
from tests.together import together
from tests.world import ComponentFactory, World

NOBODYS = UUID("018f0000-0000-7000-8000-00000000dead")


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def parts(world: World, now: datetime) -> list[Component]:
    """Two of Acme's whose free days are over, at 10,000.00; one of Solo's, which buys from roZoom itself."""
    one = implemented(world.components["acme"], ago(now, 200))
    with work_unit(STAFF):
        two = ComponentFactory(customer=world.acme, site=one.site, serial="7F-9999", implemented_on=ago(now, 200))
    implemented(world.components["solo"], ago(now, 200))
    implemented(world.components["bolt"], ago(now, 200))
    price(one)
    return [one, two]


def offer(world: World, name: str, components: list[Component], now: datetime, **changes: Any) -> services.Offer:
    customer = Organisation.objects.get(pk=getattr(world, name).pk)
    start = changes.pop("start", day_of(now))
    return services.Offer(customer, components, changes.pop("term", services.years_from(start, 1)), "USD", **changes)


def sell(
    world: World,
    components: list[Component],
    now: datetime,
    *,
    customer: str = "acme",
    seller: str = "rozoom",
    at: datetime | None = None,
    ordered: bool = True,
    **changes: Any,
) -> AgreementTerm:
    """Made by finance at `at`, and ordered."""
    fin, at = world.actor("fin"), at or now
    with work_unit(STAFF):
        sold_by = Organisation.objects.get(pk=getattr(world, seller).pk)
        asked = offer(world, customer, components, at, **changes)
        term = services.make_quote(actor=fin, offer=asked, sold_by=sold_by, on=day_of(at), now=at)
        if ordered:
            term, _ = services.order(actor=fin, term=term, purchase_order="PO-7", on=day_of(at), now=at)
        return term


def invoice_of(term: AgreementTerm) -> Invoice:
    with work_unit(STAFF):
        return Invoice.objects.select_related("term").get(term=term)


def text_of(response: Any) -> str:
    """What stands on the page, without tags."""
    body = re.sub(r"<(script|style|svg|head).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace(" .", ".").replace(" ,", ",")


# What a customer reads ------------------------------------------------------------------------------------------------


def test_a_customer_reads_its_agreements_and_invoices(world: World, parts: list[Component], now: datetime) -> None:
    term = sell(world, parts, now)
    page = world.client("ana").get("/agreements/")
    said, number = text_of(page), invoice_of(term).number
    assert "AG-ACME-1" in said
    assert "2 components" in said
    assert "severity 1 within 1 hour, severity 2 within 4 hours, severity 3 within 24 hours" in said
    assert f"In force until {term.end_date.day} {term.end_date:%b %Y}" in said
    assert "roZoom" in said
    assert "4,000.00 USD" in said
    assert re.search(rf"Invoice {number} \(PDF, \d+ kB\)", said)
    assert re.search(r"Open, due \d+ \w+ \d{4}", said)


def test_who_may_not_see_invoices_reads_who_can(world: World, parts: list[Component], now: datetime) -> None:
    term = sell(world, parts, now)
    sell(world, [world.components["acme"]], now, ordered=False, start=term.end_date + timedelta(days=1))
    client = world.client("ilse")
    said = text_of(client.get("/agreements/"))
    assert "You can not see invoices. Ana Test ( ana@test.example ) can." in said
    one = text_of(client.get(f"/agreements/{term.agreement_id}/"))
    assert "AG-ACME-1" in said
    for page in (said, one):
        assert "USD" not in page.replace("· USD", ""), "no amount"
    assert client.get(f"/agreements/invoices/{invoice_of(term).pk}/").status_code == 404
    assert client.get(f"/agreements/invoices/{invoice_of(term).pk}/invoice.pdf").status_code == 404
    assert client.get(f"/agreements/terms/{term.pk}/quote.pdf").status_code == 404


def test_what_a_reseller_sold_is_invoiced_to_the_reseller(world: World, parts: list[Component], now: datetime) -> None:
    term = sell(world, parts, now, seller="delta")
    invoice = invoice_of(term)
    ana = world.client("ana")
    said = text_of(ana.get("/agreements/"))
    assert invoice.number not in said
    assert "No invoices yet" in said
    one = text_of(ana.get(f"/agreements/{term.agreement_id}/"))
    assert "Delta Reseller invoices this agreement" in one
    assert invoice.number not in one
    for path in (f"invoices/{invoice.pk}/", f"invoices/{invoice.pk}/invoice.pdf"):
        assert ana.get(f"/agreements/{path}").status_code == 404
        assert world.client("dora").get(f"/agreements/{path}").status_code == 200
        assert world.client("nils").get(f"/agreements/{path}").status_code == 404


def test_a_reseller_lists_what_it_sells_and_no_more(world: World, parts: list[Component], now: datetime) -> None:
    own = sell(world, parts[:1], now, seller="delta")
    rozooms = sell(world, parts[1:], now, seller="rozoom")
    dirk = world.client("dirk")
    said = text_of(dirk.get("/agreements/"))
    assert own.agreement.number in said
    assert rozooms.agreement.number not in said
    assert dirk.get(f"/agreements/{own.agreement_id}/").status_code == 200
    for path in (f"{rozooms.agreement_id}/", f"terms/{rozooms.pk}/order/", f"invoices/{invoice_of(rozooms).pk}/"):
        assert dirk.get(f"/agreements/{path}").status_code == 404
    assert rozooms.agreement.number in text_of(world.client("marek").get("/agreements/"))


def test_empty_pages_say_what_will_be_there(world: World) -> None:
    assert "No agreement yet" in text_of(world.client("ana").get("/agreements/"))
    assert "No agreements yet" in text_of(world.client("fin").get("/agreements/"))
    assert "No agreements match" in text_of(world.client("fin").get("/agreements/?q=nothing"))
    assert "Nothing is overdue" in text_of(world.client("fin").get("/agreements/invoices/"))


@pytest.mark.parametrize(
    "query, found", [("?show=running", True), ("?show=quotes", False), ("?q=PO-7", True), ("?customer=acme", True),
                     ("?customer=SOLO", False), ("?q=po-77", False), ("?show=over", False), ("?show=%00", True)],
)  # fmt: skip
def test_the_desk_narrows_its_list(
    world: World, parts: list[Component], now: datetime, query: str, found: bool
) -> None:
    sell(world, parts, now)
    assert ("AG-ACME-1" in text_of(world.client("fin").get(f"/agreements/{query}"))) is found


def test_lists_cost_the_same_for_one_and_for_many(
    world: World, parts: list[Component], now: datetime, django_assert_max_num_queries: Any
) -> None:
    with work_unit(STAFF):
        more = ComponentFactory.create_batch(5, customer=world.acme, site=parts[0].site, implemented_on=ago(now, 300))
    for one in [*parts, *more]:
        sell(world, [one], now)
    fin, ana = world.client("fin"), world.client("ana")
    for client, path in ((fin, "/agreements/"), (fin, "/agreements/invoices/?show=all"), (ana, "/agreements/")):
        client.get(path)
        with django_assert_max_num_queries(26):
            client.get(path)


# A quote ------------------------------------------------------------------------------------------------------------


def form(world: World, chosen: list[Component], now: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "customer": "ACME",
        "components": [str(one.pk) for one in chosen],
        "start": f"{day_of(now)}",
        "length": "1",
        "currency": "USD",
        "sold_by": str(world.rozoom.pk),
        "step": "quote",
        **changes,
    }


def test_a_quote_is_looked_at_then_made(world: World, parts: list[Component], now: datetime) -> None:
    warranty(parts[0], ago(now, 200), ago(now, -100))
    fin = world.client("fin")
    said = text_of(fin.post("/agreements/new/", form(world, parts, now, step="preview")))
    assert "10,000.00 USD" in said
    assert "4,000.00 USD" in said
    assert re.search(r"Warranty ends .*: 26[45] days paid without advance replacement", said)
    with work_unit(STAFF):
        assert not SupportAgreement.objects.exists(), "a look writes nothing"
    made = fin.post("/agreements/new/", form(world, parts, now))
    assert made.status_code == 302
    with work_unit(STAFF):
        term = AgreementTerm.objects.get()
        assert (term.state, term.valid_until) == ("QUOTED", day_of(now) + timedelta(days=30))
        assert sum(line.unit_fee for line in term.lines.all()) == Decimal("4000.00")
    assert "Quote, valid until" in text_of(fin.get(made["Location"]))


def test_the_same_form_twice_is_one_quote(world: World, parts: list[Component], now: datetime) -> None:
    fin = world.client("fin")
    sent = form(world, parts, now, form_token="t1")
    assert [fin.post("/agreements/new/", sent).status_code for _ in range(2)] == [302, 302]
    with work_unit(STAFF):
        assert AgreementTerm.objects.count() == 1


@pytest.mark.parametrize("name", ["dirk", "dora"])
def test_a_reseller_quotes_in_its_own_name(world: World, parts: list[Component], now: datetime, name: str) -> None:
    client = world.client(name)
    assert client.post("/agreements/new/", form(world, parts, now)).status_code == 422, "roZoom is no choice of theirs"
    assert client.post("/agreements/new/", form(world, parts, now, sold_by=str(world.delta.pk))).status_code == 302
    with work_unit(STAFF):
        agreement = SupportAgreement.objects.get()
        assert agreement.sold_by_id == world.delta.pk
        term = agreement.terms.get()
    taken = client.post(f"/agreements/terms/{term.pk}/take-back/")
    assert taken.status_code == 302
    changed = form(world, parts[:1], now, sold_by=str(world.delta.pk), length="2")
    assert client.post(taken["Location"], changed).status_code == 302
    with work_unit(STAFF):
        term = AgreementTerm.objects.get()
        assert (term.state, term.revision, term.lines.count()) == ("QUOTED", 2, 1)
        assert term.lines.get().unit_fee == Decimal("4000.00")
        kept = AuditEvent.objects.get(verb="quote.taken_back").data
    assert (kept["total"], len(kept["lines"])) == ("4,000.00 USD", 2)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"components": []}, "Choose at least one component"),
        ({"start": "soon"}, "Enter a day such as"),
        ({"start": "2020-01-01"}, "or a later day"),
        ({"length": ""}, "Choose for how long"),
        ({"length": "9"}, "Select a valid choice"),
        ({"currency": "CHF"}, "Select a valid choice"),
    ],
)
def test_what_is_typed_wrong_is_said_at_its_field(
    world: World, parts: list[Component], now: datetime, changes: Any, words: str
) -> None:
    answer = world.client("fin").post("/agreements/new/", form(world, parts, now, **changes))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert "There is a problem" in page
    if "components" not in changes:
        assert f'value="{parts[0].pk}" checked' in page, "what was marked stays marked"


def test_a_foreign_component_is_as_unknown_as_a_missing_one(
    world: World, parts: list[Component], now: datetime
) -> None:
    fin = world.client("fin")
    told = [
        fin.post("/agreements/new/", form(world, parts, now, components=[str(key)]))
        for key in (world.components["bolt"].pk, NOBODYS)
    ]
    assert [one.status_code for one in told] == [422, 422]
    assert all("Choose components of this customer" in one.content.decode() for one in told)


def test_what_an_agreement_covers_is_not_sold_twice(world: World, parts: list[Component], now: datetime) -> None:
    sell(world, parts[:1], now)
    answer = world.client("fin").post("/agreements/new/", form(world, parts, now))
    assert answer.status_code == 422
    assert f"{parts[0].serial} is in AG-ACME-1 until" in answer.content.decode()


def test_a_product_without_a_price_is_named(world: World, parts: list[Component], now: datetime) -> None:
    with work_unit(STAFF):
        PriceListEntry.objects.update(valid_to=day_of(now) - timedelta(days=1))
    answer = world.client("fin").post("/agreements/new/", form(world, parts, now))
    assert answer.status_code == 422
    assert "There is no list price in USD" in answer.content.decode()


def test_a_whole_site_is_one_tick(world: World, parts: list[Component], now: datetime) -> None:
    sent = form(world, [], now, sites=[str(parts[0].site_id)])
    assert world.client("fin").post("/agreements/new/", sent).status_code == 302
    with work_unit(STAFF):
        assert AgreementTerm.objects.get().lines.count() == 2


def test_an_added_component_ends_with_the_others(world: World, parts: list[Component]) -> None:
    """F6: list 8,000.00, added on 15 Oct 2026 to the term 1 Jul 2026 to 30 Jun 2027: 259 of 365 days."""
    at, added = datetime(2026, 6, 1, 9, tzinfo=UTC), datetime(2026, 10, 15, 9, tzinfo=UTC)
    for one in parts:
        implemented(one, date(2025, 1, 1))
    with work_unit(STAFF):
        PriceListEntry.objects.update(list_price=Decimal("8000.00"))
    first = sell(world, parts[:1], at, start=date(2026, 7, 1))
    span = (first.start_date, first.end_date)
    second = sell(world, parts[1:], added, term=span, cover_from=date(2026, 10, 15))
    with work_unit(STAFF):
        line = second.lines.get()
        assert (line.cover_start, line.cover_end) == (date(2026, 10, 15), date(2027, 6, 30))
    assert line.unit_fee == Decimal("1135.34")
    assert invoice_of(second).total == Decimal("1135.34")


def test_three_years_are_three_fees(world: World, parts: list[Component]) -> None:
    """F16: 2027-09-01 to 2030-08-31, list 7,500.00."""
    with work_unit(STAFF):
        PriceListEntry.objects.update(list_price=Decimal("7500.00"))
    term = services.years_from(date(2027, 9, 1), 3)
    assert term == (date(2027, 9, 1), date(2030, 8, 31))
    sold = sell(world, parts[:1], datetime(2027, 8, 1, 9, tzinfo=UTC), term=term)
    assert invoice_of(sold).total == Decimal("4500.00")


def test_an_expired_quote_is_made_again_at_the_price_of_that_day(world: World, parts: list[Component]) -> None:
    """F18: list 10,000.00 until 30 Jun 2026, 10,500.00 from 1 Jul on."""
    for one in parts:
        implemented(one, date(2025, 1, 1))
    with work_unit(STAFF):
        entry = PriceListEntry.objects.get()
        PriceListEntry.objects.update(valid_to=date(2026, 6, 30))
        PriceListEntry.objects.create(
            product=entry.product, currency="USD", list_price=Decimal(10500), valid_from=date(2026, 7, 1)
        )
    first = sell(world, parts[:1], datetime(2026, 6, 15, 9, tzinfo=UTC), ordered=False, start=date(2026, 8, 1))
    later = datetime(2026, 7, 16, 9, tzinfo=UTC)
    fin = world.actor("fin")
    with work_unit(STAFF):
        with pytest.raises(services.CannotOrder, match="valid until 15 Jul 2026"):
            services.order(actor=fin, term=first, purchase_order="PO", on=day_of(later), now=later)
        again = services.make_quote(
            actor=fin,
            offer=offer(world, "acme", parts[:1], later, start=date(2026, 8, 1)),
            sold_by=Organisation.objects.get(pk=world.rozoom.pk),
            agreement=first.agreement,
            on=day_of(later),
            now=later,
        )
        assert (first.lines.get().unit_fee, again.lines.get().unit_fee) == (Decimal(2000), Decimal(2100))
        assert again.agreement_id == first.agreement_id


@pytest.mark.parametrize("name", ["ilse", "ana", "marek", "duty", "sam"])
def test_who_does_not_sell_has_no_such_page(world: World, parts: list[Component], now: datetime, name: str) -> None:
    client = world.client(name)
    assert client.get("/agreements/new/?customer=ACME").status_code == 404
    assert client.post("/agreements/new/", form(world, parts, now)).status_code == 404


def test_a_reseller_finds_no_customer_of_another(world: World, parts: list[Component]) -> None:
    told = [text_of(world.client("dora").get(f"/agreements/new/?customer={code}")) for code in ("BOLT", "NONE")]
    assert told[0] == told[1]
    assert "for which customer?" in told[0]


# An order -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, seller", [("ana", "rozoom"), ("ana", "delta"), ("dora", "delta"), ("fin", "rozoom")])
def test_who_may_orders_a_quote(world: World, parts: list[Component], now: datetime, name: str, seller: str) -> None:
    term = sell(world, parts, now, seller=seller, ordered=False)
    client, path = world.client(name), f"/agreements/terms/{term.pk}/order/"
    assert "4,000.00 USD" in text_of(client.get(path))
    empty = client.post(path, {"purchase_order": " "})
    assert empty.status_code == 422
    assert "Enter your purchase order number" in empty.content.decode()
    done = client.post(path, {"purchase_order": "PO 4711"})
    assert done["Location"] == f"/agreements/{term.agreement_id}/"
    assert "purchase order PO 4711" in text_of(client.get(done["Location"]))
    with work_unit(STAFF):
        term = AgreementTerm.objects.get(pk=term.pk)
        assert (term.state, term.ordered_by_name) == ("ORDERED", f"{name.title()} Test")
        payer = world.acme if seller == "rozoom" else world.delta
        assert Invoice.objects.get().bill_to_id == payer.pk


@pytest.mark.parametrize("name", ["ilse", "marek", "duty", "nils", "sol", "sam"])
def test_who_may_not_order_finds_no_page(world: World, parts: list[Component], now: datetime, name: str) -> None:
    term = sell(world, parts, now, seller="delta", ordered=False)
    path = f"/agreements/terms/{term.pk}/order/"
    client = world.client(name)
    assert [client.get(path).status_code, client.post(path, {"purchase_order": "x"}).status_code] == [404, 404]


def test_the_second_to_order_reads_who_was_first(world: World, parts: list[Component], now: datetime) -> None:
    term = sell(world, parts, now, ordered=False)
    path = f"/agreements/terms/{term.pk}/order/"
    assert world.client("ana").post(path, {"purchase_order": "PO 1"}).status_code == 302
    late = world.client("fin").post(path, {"purchase_order": "PO 2"})
    assert late.status_code == 409
    assert "It was ordered already, by Ana Test." in text_of(late)
    assert "It was ordered already, by Ana Test." in text_of(world.client("fin").get(path))


def test_two_who_order_in_two_browsers_make_one_order(lasting_world: World) -> None:
    world = lasting_world
    with work_unit(STAFF):
        now = database_now()
    one = implemented(world.components["acme"], ago(now, 200))
    price(one)
    term = sell(world, [one], now, ordered=False)
    clients = [world.client("ana"), world.client("fin")]

    def go(client: Any) -> Any:
        return lambda: client.post(f"/agreements/terms/{term.pk}/order/", {"purchase_order": "PO"}).status_code

    assert sorted(together(*(go(client) for client in clients))) == [302, 409]
    with work_unit(STAFF):
        assert Invoice.objects.count() == 1


def test_two_quotes_of_one_component_make_one_order(lasting_world: World) -> None:
    world = lasting_world
    with work_unit(STAFF):
        now = database_now()
    one = implemented(world.components["acme"], ago(now, 200))
    price(one)
    terms = [sell(world, [one], now, ordered=False) for _ in range(2)]
    ana = world.actor("ana")

    def go(term: AgreementTerm) -> Any:
        def deed() -> str:
            try:
                with work_unit(ana.context) as unit:
                    services.order(actor=ana, term=term, purchase_order="PO", on=day_of(now), now=unit.now)
                return "ordered"
            except services.CannotOrder as refused:
                return refused.message

        return deed

    told = sorted(together(*(go(term) for term in terms)))
    assert told[1] == "ordered"
    assert "is in AG-ACME-" in told[0]


def test_invoices_at_once_have_numbers_without_a_gap(lasting_world: World) -> None:
    """Eight agreements of three customers are opened and ordered at once; one of the orders fails at its end."""
    world = lasting_world
    with work_unit(STAFF):
        now = database_now()
        extra = ComponentFactory.create_batch(
            3, customer=world.acme, site=world.components["acme"].site, implemented_on=ago(now, 300)
        )
    for name in ("acme", "solo", "bolt"):
        implemented(world.components[name], ago(now, 300))
    price(world.components["acme"])
    fin = world.actor("fin")
    jobs = [("acme", one) for one in extra] + [(name, world.components[name]) for name in ("acme", "solo", "bolt")]

    def go(name: str, component: Component, fails: bool) -> Any:
        def deed() -> str:
            try:
                with work_unit(Context("staff")):
                    term = services.make_quote(
                        actor=fin,
                        offer=offer(world, name, [component], now),
                        sold_by=Organisation.objects.get(pk=world.rozoom.pk),
                        on=day_of(now),
                        now=now,
                    )
                    _, invoice = services.order(actor=fin, term=term, purchase_order="PO", on=day_of(now), now=now)
                    if fails:
                        raise KeyError(name)
                    return invoice.number
            except KeyError:
                return ""
            finally:
                connections.close_all()

        return deed

    numbers = sorted(filter(None, together(*(go(name, one, place == 2) for place, (name, one) in enumerate(jobs)))))
    assert [int(number.split("-")[1]) for number in numbers] == [1, 2, 3, 4, 5]
    with work_unit(STAFF):
        assert SupportAgreement.objects.values("number").distinct().count() == 5


# Asking ---------------------------------------------------------------------------------------------------------------


def test_a_customer_asks_and_the_seller_answers_with_a_quote(
    world: World, parts: list[Component], now: datetime
) -> None:
    ilse = world.client("ilse")
    assert ilse.post("/agreements/ask/", {"text": "All of it"}).status_code == 422
    sent = {"components": [str(parts[0].pk)], "text": "From January on"}
    assert ilse.post("/agreements/ask/", sent).status_code == 302
    twice = ilse.post("/agreements/ask/", sent)
    assert twice.status_code == 409
    assert "Ilse Test asked for this on" in twice.content.decode()
    with work_unit(Context("worker")):
        assert Event.objects.filter(topic="agreement.asked").count() == 1
    dora = world.client("dora")
    said = text_of(dora.get("/agreements/"))
    assert "“From January on”" in said
    assert "ilse@test.example" in said
    with work_unit(STAFF):
        asked = QuoteRequest.objects.get()
    page = dora.get(f"/agreements/new/?customer=ACME&request={asked.pk}")
    assert f'value="{parts[0].pk}" checked' in page.content.decode()
    sold = form(world, parts[:1], now, sold_by=str(world.delta.pk), request=str(asked.pk))
    assert dora.post("/agreements/new/", sold).status_code == 302
    with work_unit(STAFF):
        assert QuoteRequest.objects.get().closed_by_name == "Dora Test"
    assert "From January on" not in text_of(dora.get("/agreements/"))


def test_asking_to_renew_goes_to_who_sold_it(world: World, parts: list[Component], now: datetime) -> None:
    term = sell(world, parts, now, seller="rozoom")
    assert world.client("ilse").post(f"/agreements/terms/{term.pk}/ask/", {"text": "Renew it"}).status_code == 302
    assert "Renew it" not in text_of(world.client("dora").get("/agreements/"))
    fin = world.client("fin")
    assert "Renew it" in text_of(fin.get("/agreements/"))
    with work_unit(STAFF):
        asked = QuoteRequest.objects.get()
    assert world.client("dora").post(f"/agreements/requests/{asked.pk}/close/").status_code == 404
    assert fin.post(f"/agreements/requests/{asked.pk}/close/").status_code == 302
    assert "Renew it" not in text_of(fin.get("/agreements/"))


def test_nobody_asks_about_the_agreement_of_another(world: World, parts: list[Component], now: datetime) -> None:
    term = sell(world, parts, now)
    bob = world.client("bob")
    assert bob.post(f"/agreements/terms/{term.pk}/ask/", {"text": "Renew"}).status_code == 404
    foreign = bob.post("/agreements/ask/", {"components": [str(parts[0].pk)]})
    assert foreign.status_code == 422
    assert "Choose components of yours" in foreign.content.decode()


# Invoices -------------------------------------------------------------------------------------------------------------


def test_finance_records_reverses_and_clears(world: World, parts: list[Component], now: datetime) -> None:
    term = sell(world, parts, now)
    path, fin = f"/agreements/invoices/{invoice_of(term).pk}/", world.client("fin")
    day = f"{day_of(now)}"
    for wrong, words in (
        ({"amount": "many"}, "Enter an amount such as"),
        ({"amount": "4000.01"}, "Only 4,000.00 USD is open"),
        ({"amount": "0.001"}, "above zero"),
        ({"value_date": "2999-01-01"}, "not one ahead"),
    ):
        answer = fin.post(path + "pay/", {"amount": "1", "value_date": day, "source": "bank"} | wrong)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    fin.post(path + "pay/", {"amount": "3,999.50", "value_date": day, "source": "bank", "reference": "DE-77"})
    assert re.search(r"Partly paid, 0\.50 USD due", text_of(fin.get(path)))
    assert fin.post(path + "clear/").status_code == 302
    assert "Small difference" in text_of(fin.get(path))
    with work_unit(STAFF):
        assert Invoice.objects.get().state == "PAID"
        payment = Payment.objects.order_by("pk").first()
    assert payment is not None
    assert fin.post(f"/agreements/payments/{payment.pk}/reverse/", {"value_date": day}).status_code == 302
    assert "Partly paid, 3,999.50 USD" in text_of(fin.get(path))


@pytest.mark.parametrize("name", ["ana", "dora", "marek", "duty"])
def test_only_finance_has_the_pages_of_finance(world: World, parts: list[Component], now: datetime, name: str) -> None:
    term = sell(world, parts, now)
    client, invoice = world.client(name), invoice_of(term)
    for move in ("pay", "clear", "void", "credit", "write-off", "write-off/agree", "write-off/keep"):
        assert client.post(f"/agreements/invoices/{invoice.pk}/{move}/", {"reason": "x"}).status_code == 404
    for move in ("cancel", "remove"):
        assert client.post(f"/agreements/terms/{term.pk}/{move}/", {"reason": "x"}).status_code == 404
    with work_unit(STAFF):
        assert Invoice.objects.get().state == "ISSUED"


def test_a_page_of_a_move_that_the_state_does_not_allow_is_not_there(
    world: World, parts: list[Component], now: datetime
) -> None:
    term = sell(world, parts, now)
    fin = world.client("fin")
    for move in ("take-back", "change", "again", "cancel", "reinstate"):
        answer = fin.post(f"/agreements/terms/{term.pk}/{move}/", {"reason": "x"})
        assert answer.status_code in (404, 409), move
    assert fin.get(f"/agreements/invoices/{invoice_of(term).pk}/credit/").status_code == 404


def test_a_void_leaves_a_credit_note_with_a_paper(world: World, parts: list[Component], now: datetime) -> None:
    term = sell(world, parts, now)
    fin = world.client("fin")
    path = f"/agreements/invoices/{invoice_of(term).pk}/"
    assert fin.post(path + "void/", {"reason": ""}).status_code == 422
    assert fin.post(path + "void/", {"reason": "Wrong customer"}).status_code == 302
    with work_unit(STAFF):
        note = CreditNote.objects.get()
    paper = f"/agreements/credits/{note.pk}/credit-note.pdf"
    for name, status in (("fin", 200), ("ana", 200), ("ilse", 404), ("dora", 404), ("sol", 404)):
        assert world.client(name).get(paper).status_code == status
    assert "Ended by notice" in text_of(fin.get(f"/agreements/{term.agreement_id}/"))


def test_two_people_write_off(world: World, parts: list[Component], now: datetime) -> None:
    long_ago = now - timedelta(days=70)
    term = sell(world, parts, now, at=long_ago, start=day_of(long_ago))
    path = f"/agreements/invoices/{invoice_of(term).pk}/"
    fin, adam = world.client("fin"), world.client("adam")
    assert "Overdue by 40 days" in text_of(fin.get("/agreements/invoices/"))
    assert fin.post(path + "write-off/", {"reason": "Bankrupt"}).status_code == 302
    assert fin.post(path + "write-off/agree/").status_code == 404, "not by the same person"
    assert "Proposed to be written off" in text_of(adam.get(path))
    assert adam.post(path + "write-off/agree/").status_code == 302
    assert "Written off" in text_of(adam.get(path))
    assert "Nothing is overdue" in text_of(fin.get("/agreements/invoices/"))


def test_a_lapsed_agreement_shows_its_price_and_comes_back(world: World, parts: list[Component], now: datetime) -> None:
    implemented(parts[0], ago(now, 800))
    long_ago = now - timedelta(days=500)
    term = sell(world, parts[:1], now, at=long_ago, start=day_of(long_ago))
    with work_unit(STAFF):
        fin_actor = world.actor("fin")
        services.record_payment(
            actor=fin_actor,
            invoice=Invoice.objects.get(),
            amount=Decimal(2000),
            value_date=day_of(long_ago),
            now=long_ago,
        )
    path, fin = f"/agreements/terms/{term.pk}/reinstate/", world.client("fin")
    assert world.client("ana").get(path).status_code == 404, "prices are the seller's to say"
    page = text_of(fin.get(path))
    price_said = re.search(r"Paid on [^:]+: ([\d,.]+) USD", page)
    assert price_said
    sent = {"paid_on": f"{day_of(now)}", "amount": price_said[1], "reference": "Bank 9"}
    assert fin.post(path, {**sent, "amount": "1"}).status_code == 422
    assert fin.post(path, sent).status_code == 302
    assert "In force until" in text_of(fin.get(f"/agreements/{term.agreement_id}/"))


def test_a_reseller_attests_on_its_own_sales_only(world: World, parts: list[Component], now: datetime) -> None:
    own, other = (
        sell(world, parts[:1], now, seller="delta"),
        sell(world, parts[1:], now, seller="rozoom"),
    )
    dirk = world.client("dirk")
    sent = {"paid_on": f"{day_of(now)}", "statement": "Our invoice 12"}
    assert dirk.post(f"/agreements/terms/{other.pk}/attest/", sent).status_code == 404
    assert dirk.post(f"/agreements/terms/{own.pk}/attest/", {**sent, "statement": ""}).status_code == 422
    assert dirk.post(f"/agreements/terms/{own.pk}/attest/", sent).status_code == 302
    assert dirk.post(f"/agreements/terms/{own.pk}/attest/", sent).status_code == 409
    with work_unit(STAFF):
        assert PaymentAttestation.objects.get().by_name == "Dirk Test"


def test_the_trail_hides_from_a_customer_what_its_reseller_pays(
    world: World, parts: list[Component], now: datetime
) -> None:
    term = sell(world, parts, now, seller="delta")
    path = f"/agreements/{term.agreement_id}/"
    said = {name: text_of(world.client(name).get(path)) for name in ("ana", "dora", "fin", "ilse")}
    assert {name: "was issued" in words for name, words in said.items()} == {
        "ana": False, "dora": True, "fin": True, "ilse": False,
    }  # fmt: skip
    assert all("ordered it with purchase order PO-7" in words for words in said.values())
