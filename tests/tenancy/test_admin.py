"""The operators' admin: who comes in, what each may do there, and that deeds are services there too."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from contracts.models import Component, PriceListEntry, Product, Site, WarrantyCoverage
from notifications.models import Delivery
from rozoom_support.lib.http import ADMIN_POLICY
from sla.models import LadderStep
from sla.sweeper import sweep
from tenancy.context import work_unit
from tenancy.models import Invitation, Kind, Membership, Organisation, Person, Role, Team, TeamMember
from tests.contracts.deals import implemented, ordered, price, warranty
from tests.sla.promises import ensure_ladder
from tests.tenancy.doorstep import STAFF, WORKER, audit_of, mails, sign_in, verbs
from tests.world import ProductFactory, SiteFactory, World, ticket, token

LOOKERS = ["marek", "adam"]  # who only looks, and who may do all there is
EVIL = '<img src=x onerror="alert(1)">'
OUTSIDERS = ["ana", "dora"]  # who may do most in their own organisations
NO_INLINES = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def act(client: Client, model: str, action: str, *rows: Any) -> Any:
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(page(f"{model}_changelist"), form, follow=True)


def get(model: Any, **fields: Any) -> Any:
    with work_unit(STAFF):
        return model.objects.get(**fields)


@pytest.fixture
def full(world: World) -> World:
    """A row of every kind that the admin shows."""
    ensure_ladder()
    with work_unit(STAFF) as unit:
        assert unit.now
        long_ago = unit.now - timedelta(minutes=40)
        Organisation.objects.filter(pk=world.acme.pk).update(name=f"Acme {EVIL}")
        Membership.objects.filter(pk=world.ilse.pk).update(person_name=f"Ilse {EVIL}")
        Person.objects.filter(pk=world.ilse.person_id).update(name=f"Ilse {EVIL}")
    ticket(world, severity=1, now=long_ago, subject=f"Broken {EVIL}")
    sweep()  # half of the hour is over: the first level fires
    world.client("ana").post("/people/invite/", {"email": "new@acme.example", "role": "member"})
    token(world.acme)
    sold = implemented(world.components["acme"], long_ago.date() - timedelta(days=400))
    price(sold)
    warranty(sold, long_ago.date(), long_ago.date() + timedelta(days=700))
    ordered(world, [sold], long_ago.date(), long_ago.date() + timedelta(days=364), now=long_ago)
    return world


def every_page() -> list[str]:
    """The index, each list, each list searched, each add form and the first row of each."""
    paths = [page("index"), page("search") + "?s=tick", page("search") + "?s=acme&extended=1", page("jsi18n")]
    for model, options in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        paths.append(page(f"{name}_changelist"))
        if options.search_fields:
            paths.append(page(f"{name}_changelist") + "?q=acme")
        with work_unit(STAFF):
            row = options.model._default_manager.order_by("pk").first()
        assert row is not None, f"no {name} to look at"
        paths += [page(f"{name}_change", row.pk), page(f"{name}_history", row.pk)]
    return paths


@pytest.mark.parametrize("who", LOOKERS)
def test_every_page_opens_and_shows_neither_secrets_nor_tenants_markup(full: World, who: str) -> None:
    with work_unit(STAFF):
        secrets = [
            *Invitation.objects.values_list("secret_hash", flat=True),
            "/invitations/",
            full.adam.person.password,
        ]
    client = full.client(who)
    for path in every_page():
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Content-Security-Policy"] == ADMIN_POLICY
        text = answer.content.decode()
        assert EVIL not in text, path
        assert not [secret for secret in secrets if secret in text], path
    shown = client.get(page("tenancy_organisation_change", full.acme.pk)).content.decode()
    assert "Acme &lt;img src=x" in shown, "the markup was there to be shown"


@pytest.mark.parametrize("who", OUTSIDERS)
def test_for_everybody_else_there_is_nothing(full: World, who: str) -> None:
    client = full.client(who)
    for path in [*every_page(), page("login"), page("tenancy_organisation_add")]:
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert "can not find this page" in answer.content.decode()
    assert act(client, "tenancy_person", "close_accounts", full.ilse.person).status_code == 404


def test_strangers_sign_in_on_our_page_and_come_back(world: World) -> None:
    for path in ("/admin/", "/admin/login/", "/admin/tenancy/person/"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/?next=%2Fadmin%2F")
    client = Client()
    assert sign_in(client, "adam@test.example", next="/admin/").headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/login/").headers["Location"] == "/admin/"


def test_there_is_one_way_to_sign_out_and_to_change_a_password(world: World) -> None:
    client = world.client("adam")
    assert client.get("/admin/logout/").headers["Location"] == "/accounts/logout/"
    assert client.get("/admin/password_change/").headers["Location"] == "/accounts/password/change/"


def test_who_works_for_rozoom_and_a_customer_needs_to_be_there_as_rozoom(world: World) -> None:
    with work_unit(STAFF):
        other = Membership.objects.create(
            organisation=world.acme,
            person=world.adam.person,
            role=Role.MEMBER,
            person_name="Adam Test",
            person_email="adam@test.example",
        )
    client = world.client("adam")
    client.post("/switch/", {"membership": other.pk})
    assert client.get("/admin/").status_code == 404
    client.post("/switch/", {"membership": world.adam.pk})
    assert client.get("/admin/").status_code == 200


def test_agents_look_and_change_nothing(full: World) -> None:
    client = full.client("marek")
    for model, options in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(page(f"{name}_add")).status_code == 403, name
        with work_unit(STAFF):
            row = options.model._default_manager.order_by("pk").first()
        assert client.post(page(f"{name}_change", row.pk), {"name": "x"}).status_code == 403, name
    organisation = page("tenancy_organisation_change_reseller", full.acme.pk)
    assert client.get(organisation).status_code == 403
    act(client, "tenancy_person", "close_accounts", full.ilse.person)
    act(client, "tenancy_membership", "end_access", full.ilse)
    act(client, "notifications_delivery", "send_again", mails()[0])
    assert Person.objects.get(pk=full.ilse.person_id).is_active
    assert get(Membership, pk=full.ilse.pk).is_active


@pytest.mark.parametrize("who", LOOKERS)
def test_nobody_deletes(full: World, who: str) -> None:
    client = full.client(who)
    for model, options in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        with work_unit(STAFF):
            row = options.model._default_manager.order_by("pk").first()
            count = options.model._default_manager.count()
        assert client.post(page(f"{name}_delete", row.pk), {"post": "yes"}).status_code == 403, name
        act(client, name, "delete_selected", row)
        with work_unit(STAFF):
            assert options.model._default_manager.count() == count, name


ORGANISATION = {"kind": "CUSTOMER", "code": "newco", "name": "New Co", "time_zone": "UTC", "is_active": "on"}


def test_a_customer_is_added_with_its_reseller_or_sold_directly(world: World) -> None:
    client = world.client("duty")
    path = page("tenancy_organisation_add")
    assert client.post(path, {**ORGANISATION, "reseller": world.nova.pk}).status_code == 302
    assert client.post(path, {**ORGANISATION, "code": "DIRECT"}).status_code == 302
    assert get(Organisation, code="NEWCO").reseller_id == world.nova.pk
    assert get(Organisation, code="DIRECT").reseller_id == world.rozoom.pk
    made = get(Organisation, code="NEWCO")
    with work_unit(STAFF):
        log = LogEntry.objects.get(object_id=str(made.pk))
    assert (log.user_id, log.is_addition()) == (world.duty.person_id, True)


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"code": "acme"}, "ACME is taken"),
        ({"code": "1A"}, "Use 2 to 12 capital letters"),
        ({"kind": "OPERATOR"}, "is not one of the available choices"),
        ({"kind": "RESELLER", "reseller": "nova"}, "Only customers are served by a reseller"),
        ({"time_zone": "Mars"}, "is not a time zone we know"),
    ],
)
def test_an_organisation_that_can_not_be_is_refused_in_words(world: World, fields: dict[str, Any], words: str) -> None:
    if fields.get("reseller"):
        fields = {**fields, "reseller": world.nova.pk}
    answer = world.client("adam").post(page("tenancy_organisation_add"), {**ORGANISATION, **fields})
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_a_change_is_audited_by_its_fields_and_kept_in_the_history(world: World) -> None:
    form = {"name": "Acme Elevators", "time_zone": "Europe/Berlin", "is_active": "on"}
    client = world.client("adam")
    assert client.post(page("tenancy_organisation_change", world.acme.pk), form).status_code == 302
    (event,) = audit_of(world, "acme")
    assert (event.verb, event.kind, event.actor_name) == ("record.changed", "internal", "Adam Test")
    assert event.data == {"what": f"organisation:{world.acme.pk}", "fields": ["name"]}
    assert "adam@test.example" in client.get(page("tenancy_organisation_history", world.acme.pk)).content.decode()


def test_code_kind_and_reseller_are_not_changed_by_the_form(world: World) -> None:
    form = {**ORGANISATION, "reseller": world.nova.pk}
    world.client("adam").post(page("tenancy_organisation_change", world.acme.pk), form)
    kept = get(Organisation, pk=world.acme.pk)
    assert (kept.code, kept.kind, kept.reseller_id) == ("ACME", Kind.CUSTOMER, world.delta.pk)


def test_the_reseller_is_changed_by_its_action(world: World) -> None:
    client = world.client("adam")
    path = page("tenancy_organisation_change_reseller", world.acme.pk)
    assert "Delta Reseller sees nothing of Acme Lifts" in client.get(path).content.decode()
    assert client.post(path, {"to": world.nova.pk}).status_code == 302
    assert get(Organisation, pk=world.acme.pk).reseller_id == world.nova.pk
    assert verbs(world, "acme") == ["customer.reseller_changed"]
    assert client.post(path, {"to": world.bolt.pk}).status_code == 200


@pytest.mark.parametrize("who", ["duty", "fin"])
def test_only_administrators_change_a_reseller_and_peoples_rights(world: World, who: str) -> None:
    client = world.client(who)
    path = page("tenancy_organisation_change_reseller", world.acme.pk)
    assert client.post(path, {"to": world.nova.pk}).status_code == 403
    assert client.get(page("tenancy_invitation_add")).status_code == 403
    assert client.post(page("tenancy_membership_change", world.ilse.pk), {"role": "member"}).status_code == 403
    act(client, "tenancy_person", "close_accounts", world.ilse.person)
    act(client, "tenancy_membership", "end_access", world.ilse)
    assert get(Organisation, pk=world.acme.pk).reseller_id == world.delta.pk
    assert get(Membership, pk=world.ilse.pk).is_active


def test_a_role_changes_by_the_service_and_its_refusals_are_said(world: World) -> None:
    client = world.client("adam")
    path = page("tenancy_membership_change", world.ilse.pk)
    assert client.post(path, {"role": Role.CUSTOMER_ADMINISTRATOR}).status_code == 302
    assert get(Membership, pk=world.ilse.pk).role == Role.CUSTOMER_ADMINISTRATOR
    assert verbs(world, "acme") == ["person.role_changed"]
    own = client.post(page("tenancy_membership_change", world.adam.pk), {"role": Role.AGENT}, follow=True)
    assert "You can not change your own access" in own.content.decode()
    assert get(Membership, pk=world.adam.pk).role == Role.ADMINISTRATOR
    with work_unit(STAFF):
        assert LogEntry.objects.count() == 1, "what was refused is not in the history"
    assert client.post(path, {"role": Role.ADMINISTRATOR}).status_code == 200


def test_access_ends_and_returns_by_action(world: World) -> None:
    client = world.client("adam")
    answer = act(client, "tenancy_membership", "end_access", world.ilse, world.adam)
    text = answer.content.decode()
    assert "Access ended: 1." in text
    assert "You can not change your own access" in text
    assert not get(Membership, pk=world.ilse.pk).is_active
    act(client, "tenancy_membership", "give_access_back", world.ilse)
    assert verbs(world, "acme") == ["person.access_ended", "person.let_back_in"]


def test_accounts_close_and_open_by_action(world: World) -> None:
    client = world.client("adam")
    act(client, "tenancy_person", "close_accounts", world.ilse.person)
    assert sign_in(Client(), "ilse@test.example").headers["Location"] == "/accounts/inactive/"
    act(client, "tenancy_person", "open_accounts", world.ilse.person)
    assert sign_in(Client(), "ilse@test.example").headers["Location"] == "/"


def test_nobody_reads_or_sets_a_password_there(world: World) -> None:
    client = world.client("adam")
    text = client.get(page("tenancy_person_change", world.ilse.person_id)).content.decode()
    assert world.ilse.person.password not in text
    assert 'name="password' not in text
    answer = client.post(page("tenancy_person_change", world.ilse.person_id), {"password": "x", **NO_INLINES})
    assert answer.status_code == 403


def test_an_invitation_is_made_by_the_service(world: World) -> None:
    client = world.client("adam")
    form = {"organisation": world.bolt.pk, "email": "first@bolt.example", "name": "", "role": "customer-administrator"}
    assert client.post(page("tenancy_invitation_add"), form).status_code == 302
    (mail,) = mails("first@bolt.example")
    assert "Adam Test invites you" in mail.text
    assert verbs(world, "bolt") == ["person.invited"]
    again = client.post(page("tenancy_invitation_add"), form, follow=True)
    assert "has an open invitation already" in again.content.decode()
    wrong = client.post(page("tenancy_invitation_add"), {**form, "role": "agent"})
    assert "Choose a role for a customer" in wrong.content.decode()
    made = get(Invitation, email="first@bolt.example")
    assert "less than a minute ago" in act(client, "tenancy_invitation", "send_again", made).content.decode()
    act(client, "tenancy_invitation", "withdraw", made)
    assert get(Invitation, email="first@bolt.example").withdrawn_at


def test_products_sites_and_components_are_kept(world: World) -> None:
    client = world.client("duty")
    assert (
        client.post(
            page("contracts_product_add"), {"sku": "PLC-1", "name": "Controller", "kind": "HARDWARE", "is_active": "on"}
        ).status_code
        == 302
    )
    product = get(Product, sku="PLC-1")
    form = {"customer": world.acme.pk, "name": "Plant 2", "time_zone": "Europe/Berlin", "is_active": "on"}
    assert client.post(page("contracts_site_add"), form).status_code == 302
    site = get(Site, name="Plant 2")
    assert (site.customer_id, site.reseller_id) == (world.acme.pk, world.delta.pk)
    part = {"product": product.pk, "site": site.pk, "serial": "ab-12 3", "state": "IN_USE"}
    assert client.post(page("contracts_component_add"), part).status_code == 302
    made = get(Component, product=product)
    assert (made.serial_normal, made.customer_id, made.reseller_id) == ("AB123", world.acme.pk, world.delta.pk)
    again = client.post(page("contracts_component_add"), {**part, "serial": "AB 123"}, follow=True)
    assert "is already installed" in again.content.decode()
    change = {"location": "Rack 9", "state": "RETIRED", "serial": "other"}
    assert client.post(page("contracts_component_change", made.pk), change).status_code == 302
    kept = get(Component, pk=made.pk)
    assert (kept.location, kept.state, kept.serial) == ("Rack 9", "RETIRED", "ab-12 3")
    assert verbs(world, "acme") == ["record.made", "record.made", "record.changed"]


def test_a_site_belongs_to_a_customer(world: World) -> None:
    form = {"customer": world.delta.pk, "name": "Nowhere", "time_zone": "UTC", "is_active": "on"}
    answer = world.client("adam").post(page("contracts_site_add"), form)
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()


def test_search_in_a_field_offers_what_fits(world: World) -> None:
    client = world.client("adam")
    ask = {"app_label": "contracts", "model_name": "site", "field_name": "customer", "term": ""}
    found = {row["text"] for row in client.get(page("autocomplete"), ask).json()["results"]}
    assert found == {"Acme Lifts", "Bolt Works", "Solo Mills"}
    SiteFactory(customer=world.bolt, name="Acme Lifts main site")
    ask = {"app_label": "contracts", "model_name": "component", "field_name": "site", "term": "Acme"}
    found = {row["text"] for row in client.get(page("autocomplete"), ask).json()["results"]}
    assert found == {"Acme Lifts main site, Acme Lifts", "Acme Lifts main site, Bolt Works"}


def test_teams_are_made_of_rozooms_people(world: World) -> None:
    client = world.client("duty")
    team = get(Team)
    rows = {"teammember_set-TOTAL_FORMS": "1", "teammember_set-INITIAL_FORMS": "0"}
    form = {"name": "Drives", "lead": world.duty.pk, **rows, "teammember_set-0-membership": world.marek.pk}
    assert client.post(page("tenancy_team_change", team.pk), form).status_code == 302
    member = get(TeamMember)
    assert member.membership_id == world.marek.pk
    foreign = client.post(page("tenancy_team_change", team.pk), {**form, "teammember_set-0-membership": world.ilse.pk})
    assert "Select a valid choice" in foreign.content.decode()
    rows = {"teammember_set-TOTAL_FORMS": "1", "teammember_set-INITIAL_FORMS": "1"}
    gone = {**form, **rows, "teammember_set-0-id": member.pk, "teammember_set-0-DELETE": "on"}
    assert client.post(page("tenancy_team_change", team.pk), gone).status_code == 302
    with work_unit(STAFF):
        assert not TeamMember.objects.exists()


def test_the_ladder_is_read_here_and_changed_at_the_desk(world: World) -> None:
    ensure_ladder()
    client = world.client("duty")
    step = get(LadderStep, severity=1, level=1)
    address = page("sla_ladderstep_change", step.pk)
    assert b"Who is told" in client.get(page("sla_ladderstep_changelist")).content
    form = {"percent": "40", "after": "0", "recipients": ["duty_manager"]}
    assert client.post(address, form).status_code == 403
    assert get(LadderStep, pk=step.pk).percent == 50


def test_a_mail_that_was_given_up_is_sent_again(full: World) -> None:
    mail = mails()[0]
    with work_unit(WORKER):
        Delivery.objects.filter(pk=mail.pk).update(state="DEAD", attempts=9, last_error="550 no such user")
    client = full.client("duty")
    assert "550 no such user" in client.get(page("notifications_delivery_changelist")).content.decode()
    assert "Waiting to be sent again: 1." in act(client, "notifications_delivery", "send_again", mail).content.decode()
    again = mails()[0]
    assert (again.state, again.attempts) == ("QUEUED", 0)


def test_lists_cost_the_same_however_long_they_are(full: World, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        SiteFactory(customer=full.acme, name=f"Many {number}")
        ProductFactory(sku=f"P{number}", name=f"Product {number}")
        ticket(full)
    client = full.client("adam")
    for model in admin.site._registry:
        path = page(f"{model._meta.app_label}_{model._meta.model_name}_changelist")
        with django_assert_max_num_queries(16):
            client.get(path)


def test_the_session_ends_access_at_once_there_too(world: World) -> None:
    client = world.client("adam")
    assert client.get("/admin/").status_code == 200
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.adam.pk).update(is_active=False)
    assert client.get("/admin/").status_code == 404


def test_a_price_that_overlaps_is_refused_at_the_form_and_a_quoted_one_only_ends(full: World) -> None:
    product = get(Product, sku="DC-7")
    adam = full.client("adam")
    price = {"product": product.pk, "currency": "EUR", "list_price": "8400", "valid_from": "2026-01-01", "valid_to": ""}
    assert adam.post(page("contracts_pricelistentry_add"), price).status_code == 302
    again = adam.post(page("contracts_pricelistentry_add"), price | {"valid_from": "2026-06-01"})
    assert "There is a price for these days already" in again.content.decode()
    made = get(PriceListEntry, currency="EUR")
    adam.post(page("contracts_pricelistentry_change", made.pk), {"list_price": "1", "valid_to": "2026-12-31"})
    made = get(PriceListEntry, currency="EUR")
    assert (str(made.list_price), str(made.valid_to)) == ("8400.0000", "2026-12-31")


def test_a_warranty_is_entered_for_a_component(full: World) -> None:
    component = full.components["bolt"]
    entered = {"component": component.pk, "kind": "STANDARD", "start_date": "2026-01-01", "end_date": "2027-12-31"}
    url = page("contracts_warrantycoverage_add")
    assert full.client("adam").post(url, entered | {"exclusions": ""}).status_code == 302
    assert get(WarrantyCoverage, component=component).customer_id == full.bolt.pk
    overlapping = full.client("adam").post(url, entered | {"kind": "EXTENDED", "exclusions": ""})
    assert "This component has a warranty for these days already" in overlapping.content.decode()
