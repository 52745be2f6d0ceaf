"""roZoom makes a warranty void, the customer appeals, a manager answers: the moves WC-2, WC-4, WC-5 and WC-6."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from contracts import services
from contracts.coverage import facts_of
from contracts.keeping import keep
from contracts.models import Component, WarrantyCoverage, WarrantyVoid
from contracts.services import CannotAppeal, CannotVoid, replace_component
from contracts.standing import warranty_standing
from notifications.handlers import Told, said_of
from notifications.models import Event
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor, NotAllowed
from tenancy.context import Context, database_now, work_unit
from tenancy.models import AuditEvent, Person
from tests.contracts.deals import STAFF, ago, warranty
from tests.contracts.voids import OPENED, appealed, done, fresh, fresh_void, proposed, voided
from tests.together import together
from tests.world import World

DAY = timedelta(days=1)
Row = WarrantyCoverage


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def running(world: World, now: datetime) -> Row:
    return warranty(world.components["acme"], ago(now, 100), ago(now, -200))


@pytest.fixture
def coming(world: World, now: datetime) -> Row:
    return warranty(world.components["acme"], ago(now, -10), ago(now, -200))


def stands(row: Row, at: datetime) -> str:
    with work_unit(STAFF):
        found = Row.objects.select_related("component__product", "component__site").get(pk=row.pk)
        return str(warranty_standing(found, at))


def is_void(row: Row, at: datetime) -> bool:
    with work_unit(STAFF):
        component = Component.objects.for_list().get(pk=row.component_id)
        (one,) = facts_of([component], at)[component.pk].warranties
        return one.is_void


# The moves -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["ABUSE", "TAMPERING", "UNLICENSED"])
def test_wc4_a_second_person_makes_a_running_warranty_void(
    world: World, running: Row, now: datetime, ground: str
) -> None:
    void = proposed(world, running, now, ground=ground)
    assert (void.state, void.kind) == ("PROPOSED", "internal")
    assert (fresh(running).state, fresh(running).voided_at) == ("ACTIVE", None)
    later = now + timedelta(minutes=5)
    done(world, "cora", services.confirm_void, void, later)
    row, void = fresh(running), fresh_void(void)
    assert (row.state, row.voided_at, row.void_reason) == ("VOID", later, OPENED["reason"])
    assert (void.state, void.kind, void.proposed_by_name, void.confirmed_by_name) == (
        "VOID", "public", "Marek Test", "Cora Test",
    )  # fmt: skip
    assert is_void(running, later)
    assert not is_void(running, now)


@pytest.mark.parametrize("ground", ["SALE_REVERSED", "WRONG_SERIAL"])
def test_wc2_one_person_makes_one_void_that_has_not_begun(
    world: World, coming: Row, now: datetime, ground: str
) -> None:
    void = proposed(world, coming, now, by="fin", ground=ground, evidence="")
    assert (void.state, void.confirmed_by_name, fresh(coming).state) == ("VOID", "Fin Test", "VOID")
    assert fresh(coming).voided_at == now


def test_a_proposal_is_withdrawn_and_another_one_made(world: World, running: Row, now: datetime) -> None:
    void = proposed(world, running, now)
    with pytest.raises(NotAllowed):
        done(world, "rita", services.withdraw_void, void, now)  # neither hers nor hers to confirm
    done(world, "marek", services.withdraw_void, void, now)
    assert fresh_void(void).state == "WITHDRAWN"
    with pytest.raises(CannotVoid, match="Marek Test withdrew the proposal"):
        done(world, "cora", services.confirm_void, void, now)
    again = proposed(world, running, now)
    done(world, "duty", services.withdraw_void, again, now)
    assert fresh(running).state == "ACTIVE"


@pytest.mark.parametrize("who", ["ilse", "ana", "dirk"])
def test_wc5_an_appeal_that_is_upheld_gives_it_back(world: World, running: Row, now: datetime, who: str) -> None:
    void = appealed(world, voided(world, running, now), now + DAY, by=who)
    assert (void.state, void.appealed_at) == ("APPEALED", now + DAY)
    done(world, "duty", services.uphold, void, now + 2 * DAY, answer="You are right.")
    row, void = fresh(running), fresh_void(void)
    assert (row.state, row.voided_at, row.void_reason) == ("ACTIVE", None, "")
    assert (void.state, void.answer, void.answered_by_name) == ("GIVEN_BACK", "You are right.", "Duty Test")
    verbs = [
        "warranty.began",
        "warranty.void-proposed",
        "warranty.voided",
        "warranty.void-appealed",
        "warranty.given-back",
    ]
    with work_unit(STAFF):
        events = AuditEvent.objects.filter(chain=f"component:{running.component_id}").order_by("seq")
        assert [event.verb for event in events] == verbs, "both stay"
    assert [is_void(running, now + day * DAY) for day in (-1, 0, 1, 2, 3)] == [False, True, True, False, False]
    proposed(world, running, now + 3 * DAY)  # for something else, later


def test_wc6_refused_with_words_it_is_void_for_good(world: World, running: Row, now: datetime) -> None:
    void = appealed(world, voided(world, running, now), now)
    with pytest.raises(CannotVoid, match="Say why"):
        done(world, "duty", services.refuse_appeal, void, now, answer=" ")
    done(world, "duty", services.refuse_appeal, void, now, answer="The photos show a tool mark.")
    assert (fresh(running).state, fresh_void(void).state) == ("VOID_FINAL", "FINAL")
    assert is_void(running, now)
    with pytest.raises(CannotAppeal, match="was answered by Duty Test"):
        appealed(world, void, now)
    with pytest.raises(CannotVoid, match="answered the appeal already"):
        done(world, "adam", services.uphold, void, now)


def test_wc6_thirty_days_without_an_appeal_are_the_end(world: World, running: Row, now: datetime) -> None:
    void = voided(world, running, now)
    for days, state in ((30, "VOID"), (31, "VOID_FINAL")):
        assert stands(running, now + days * DAY) == state, "read, before the job came by"
        keep(seconds=60, now=now + days * DAY)
        assert fresh(running).state == state
    assert fresh_void(void).state == "FINAL"
    keep(seconds=60, now=now + 32 * DAY)
    with pytest.raises(CannotAppeal, match=f"The 30 days for an appeal ended on {now + 30 * DAY:%d %b %Y}"):
        appealed(world, void, now + 33 * DAY)


def test_the_job_waits_for_the_answer_to_an_appeal(world: World, running: Row, now: datetime) -> None:
    void = appealed(world, voided(world, running, now), now + 29 * DAY)
    keep(seconds=60, now=now + 60 * DAY)
    assert (fresh(running).state, stands(running, now + 60 * DAY)) == ("VOID", "VOID")
    done(world, "duty", services.uphold, void, now + 61 * DAY)
    assert stands(running, now + 61 * DAY) == "ACTIVE"


def test_an_appeal_on_the_last_day_counts_although_the_job_is_late_or_early(
    world: World, running: Row, now: datetime
) -> None:
    void = voided(world, running, now)
    keep(seconds=60, now=now + 30 * DAY)
    assert appealed(world, void, now + 30 * DAY).state == "APPEALED"


# Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "param", "words"),
    [
        ({"reason": " "}, "reason", "Say what happened"),
        ({"reason": "x" * 1001}, "reason", "Shorten it to 1,000"),
        ({"evidence": ""}, "evidence", "Say where the evidence lies"),
        ({"evidence": "x" * 401}, "evidence", "Shorten it to 400"),
        ({"ground": "BAD_LUCK"}, "ground", "Choose why"),
        ({"ground": "WRONG_SERIAL", "by": "cora"}, "ground", "It is active. Only a warranty that has not begun"),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    world: World, running: Row, now: datetime, more: dict[str, Any], param: str, words: str
) -> None:
    with pytest.raises(CannotVoid, match=words) as refused:
        proposed(world, running, now, **more)
    assert refused.value.param == param
    with work_unit(STAFF):
        assert not WarrantyVoid.objects.exists()


def test_the_proposer_does_not_confirm(world: World, running: Row, now: datetime) -> None:
    void = proposed(world, running, now, by="cora")
    with pytest.raises(CannotVoid, match=r"You proposed it\. Somebody else"):
        done(world, "cora", services.confirm_void, void, now)
    assert fresh(running).state == "ACTIVE"


def test_only_a_running_one_is_void_for_abuse(world: World, coming: Row, now: datetime) -> None:
    with pytest.raises(CannotVoid, match="It begins on"):
        proposed(world, coming, now)
    over = now + 201 * DAY
    with pytest.raises(CannotVoid, match="It ended on"):
        proposed(world, coming, over)


def test_what_ended_meanwhile_is_not_confirmed(world: World, running: Row, now: datetime) -> None:
    void = proposed(world, running, now)
    with pytest.raises(CannotVoid, match="It ended on"):
        done(world, "cora", services.confirm_void, void, now + 201 * DAY)


def test_one_proposal_at_a_time_and_none_of_what_is_void(world: World, running: Row, now: datetime) -> None:
    void = proposed(world, running, now)
    with pytest.raises(CannotVoid, match="Marek Test proposed it already"):
        proposed(world, running, now, by="rita")
    done(world, "cora", services.confirm_void, void, now)
    with pytest.raises(CannotVoid, match="It is void already"):
        proposed(world, running, now)


def test_after_its_last_day_it_is_not_given_back(world: World, running: Row, now: datetime) -> None:
    void = appealed(world, voided(world, running, now + 195 * DAY), now + 196 * DAY)
    with pytest.raises(CannotVoid, match=r"ended on .* can not be given back"):
        done(world, "duty", services.uphold, void, now + 201 * DAY)
    done(world, "duty", services.refuse_appeal, void, now + 201 * DAY, answer="It ended meanwhile.")
    assert fresh(running).state == "VOID_FINAL"


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_an_appeal_has_words(world: World, running: Row, now: datetime, text: str) -> None:
    void = voided(world, running, now)
    with pytest.raises(CannotAppeal) as refused:
        done(world, "ilse", services.appeal, void, now, text=text)
    assert refused.value.param == "text"


def test_it_is_appealed_once(world: World, running: Row, now: datetime) -> None:
    void = appealed(world, voided(world, running, now), now)
    with pytest.raises(CannotAppeal, match="Ilse Test appealed already"):
        appealed(world, void, now, by="dirk")


@pytest.mark.parametrize("deed", [services.uphold, services.refuse_appeal])
def test_what_nobody_appealed_is_not_answered(world: World, running: Row, now: datetime, deed: Any) -> None:
    void = voided(world, running, now)
    with pytest.raises(CannotVoid, match="Nobody appealed"):
        done(world, "duty", deed, void, now, answer="No.")


def test_who_may_do_what(world: World, running: Row, now: datetime) -> None:
    for name in ("ilse", "ana", "dirk", "dora"):
        with pytest.raises(NotAllowed):
            proposed(world, running, now, by=name)
    with pytest.raises(NotAllowed):
        proposed(world, running, now, by="marek", ground="SALE_REVERSED")  # alone: not an agent
    void = proposed(world, running, now)
    for name in ("rita", "ilse", "dora"):
        with pytest.raises(NotAllowed):
            done(world, name, services.confirm_void, void, now)
    done(world, "cora", services.confirm_void, void, now)
    with pytest.raises(NotAllowed):
        appealed(world, void, now, by="cora")
    appealed(world, void, now)
    for deed in (services.uphold, services.refuse_appeal):
        for name in ("cora", "fin", "marek", "ana", "dora"):
            with pytest.raises(NotAllowed):
                done(world, name, deed, void, now, answer="No.")


# The wall ------------------------------------------------------------------------------------------------------------


def seen_by(context: Context) -> int:
    with work_unit(context):
        return WarrantyVoid.objects.count()


def test_tenants_see_their_own_from_the_day_it_holds(world: World, running: Row, now: datetime) -> None:
    void = proposed(world, running, now)
    tenants = [world.actor(name).context for name in ("ilse", "dirk", "bob", "nils", "sol")]
    assert [seen_by(one) for one in tenants] == [0, 0, 0, 0, 0]
    done(world, "cora", services.confirm_void, void, now)
    assert [seen_by(one) for one in tenants] == [1, 1, 0, 0, 0]
    for name in ("bob", "nils", "sol"):
        with pytest.raises(NotFound):
            appealed(world, void, now, by=name)


def test_a_proposal_is_not_there_for_its_customer(world: World, running: Row, now: datetime) -> None:
    void = proposed(world, running, now)
    with pytest.raises(NotFound):
        appealed(world, void, now)
    with work_unit(world.actor("ilse").context):
        chain = AuditEvent.objects.filter(chain=f"component:{running.component_id}")
        assert "warranty.void-proposed" not in [event.verb for event in chain]


# At once -------------------------------------------------------------------------------------------------------------


def test_of_two_who_confirm_one_reads_who_was_first(lasting_world: World) -> None:
    world = lasting_world
    with work_unit(STAFF):
        now = database_now()
    row = warranty(world.components["acme"], ago(now, 100), ago(now, -200))
    void = proposed(world, row, now)

    def confirm(name: str) -> str:
        try:
            done(world, name, services.confirm_void, void, now)
        except CannotVoid as refused:
            return refused.message
        return "void"

    said = sorted(together(lambda: confirm("cora"), lambda: confirm("duty")))
    assert said[1] == "void"
    assert said[0].endswith("Test confirmed it already.")
    with work_unit(STAFF):
        voids = AuditEvent.objects.filter(chain=f"component:{row.component_id}", verb="warranty.voided")
        assert voids.count() == 1


# Pages ---------------------------------------------------------------------------------------------------------------


def page(world: World, who: str, url: str) -> str:
    return " ".join(world.client(who).get(url).content.decode().split())


def test_from_the_proposal_to_the_answer_by_pages(world: World, running: Row) -> None:
    component = f"/components/{running.component_id}/"
    form = f"/warranties/void/component/{running.component_id}/"
    assert form in page(world, "marek", component)
    assert form not in page(world, "ilse", component)
    marek = world.client("marek")
    sent = {"warranty": str(running.pk), **OPENED}
    answer = marek.post(form, {**sent, "evidence": ""})
    assert answer.status_code == 422
    assert "Say where the evidence lies" in answer.content.decode()
    assert OPENED["reason"] in answer.content.decode(), "what was typed is kept"
    assert marek.post(form, sent)["Location"] == component
    with work_unit(STAFF):
        key = WarrantyVoid.objects.get().pk
    deeds = {name: f"/warranties/void/{key}/{name}/" for name in ("confirm", "withdraw", "appeal", "answer")}
    shown = page(world, "marek", component)
    assert "Marek Test proposes to make it void" in shown
    assert deeds["withdraw"] in shown
    assert deeds["confirm"] not in shown
    assert "void" not in page(world, "ilse", component).lower()
    assert world.client("ilse").get(deeds["appeal"]).status_code == 404
    assert "1 proposal to confirm" in page(world, "cora", "/components/")
    assert deeds["confirm"] in page(world, "cora", "/warranties/void/")
    assert "Ticket ACME-1, seal.jpg" in page(world, "cora", deeds["confirm"])
    assert world.client("cora").post(deeds["confirm"])["Location"] == component
    assert world.client("duty").post(deeds["confirm"]).status_code == 409
    for who in ("ilse", "dirk"):
        shown = page(world, who, component)
        assert "Void since" in shown
        assert "The seal was broken." in shown
        assert deeds["appeal"] in shown
    assert "You can appeal until" in page(world, "ilse", component)
    ilse = world.client("ilse")
    assert ilse.post(deeds["appeal"], {"text": ""}).status_code == 422
    assert ilse.post(deeds["appeal"], {"text": "A courier did."})["Location"] == component
    assert deeds["appeal"] not in page(world, "ilse", component)
    assert "1 appeal to answer" in page(world, "duty", "/components/")
    assert deeds["answer"] not in page(world, "cora", "/warranties/void/")
    assert "A courier did." in page(world, "duty", deeds["answer"])
    duty = world.client("duty")
    assert duty.post(deeds["answer"], {"verdict": "refuse", "answer": ""}).status_code == 422
    assert duty.post(deeds["answer"], {"verdict": "uphold", "answer": "It did."})["Location"] == component
    shown = page(world, "ilse", component)
    assert "Duty Test gave it back after an appeal: “It did.”" in shown
    assert "Nothing waits" in page(world, "cora", "/warranties/void/")
    assert fresh(running).state == "ACTIVE"


def test_refused_it_says_so_and_offers_nothing_more(world: World, running: Row, now: datetime) -> None:
    void = appealed(world, voided(world, running, now), now)
    sent = {"verdict": "refuse", "answer": "The photos show it."}
    assert world.client("duty").post(f"/warranties/void/{void.pk}/answer/", sent).status_code == 302
    shown = page(world, "ilse", f"/components/{running.component_id}/")
    assert "Void for good" in shown
    assert "“The photos show it.”" in shown
    assert "/appeal/" not in shown


def test_before_it_begins_the_page_offers_what_fits(world: World, coming: Row) -> None:
    form = f"/warranties/void/component/{coming.component_id}/"
    assert "It has no warranty that can be made void now" in page(world, "marek", form)  # an agent does not do it alone
    shown = page(world, "fin", form)
    assert "A reversed sale" in shown
    assert "Tampering" not in shown
    sent = {"warranty": str(coming.pk), "ground": "SALE_REVERSED", "reason": "Sent back unopened."}
    assert world.client("fin").post(form, sent).status_code == 302
    assert fresh(coming).state == "VOID"


def test_programs_read_why_it_is_void(world: World, running: Row, now: datetime, api: Any) -> None:
    def read(at: str = "") -> Any:
        (one,) = [
            row
            for row in api(world.acme).get(f"/api/v1/coverage/{at}").json()["results"]
            if row["component"] == str(running.component_id)
        ]
        return one

    void = proposed(world, running, now)
    assert read()["warranty_void"] is None
    assert read()["warranty_until"] is not None
    done(world, "cora", services.confirm_void, void, now)
    found = read()
    assert found["warranty_until"] is None
    assert found["warranty_void"]["reason"] == OPENED["reason"]
    assert found["warranty_void"]["appealed_at"] is None
    assert read(f"?at={now + 201 * DAY:%Y-%m-%dT%H:%M:%SZ}")["warranty_void"] is None, "it would have ended by then"
    done(world, "duty", services.uphold, appealed(world, void, now + DAY), now + 2 * DAY)
    assert read(f"?at={now + DAY:%Y-%m-%dT%H:%M:%SZ}")["warranty_void"] is not None, "as it was then"
    assert read(f"?at={now + 3 * DAY:%Y-%m-%dT%H:%M:%SZ}")["warranty_void"] is None


# Who is told ---------------------------------------------------------------------------------------------------------


def told(topic: str) -> dict[str, Any]:
    with work_unit(Context("worker")):
        said = said_of(Event.objects.filter(topic=topic).order_by("-pk")[0])
        names = dict(Person.objects.values_list("pk", "email"))
    return {names[one.person_id].partition("@")[0]: one for one in said if isinstance(one, Told)}


def test_whoever_may_confirm_gets_a_notice_and_no_mail(world: World, running: Row, now: datetime) -> None:
    proposed(world, running, now, by="cora")
    found = told("warranty.void_proposed")
    assert sorted(found) == ["adam", "duty", "fin"]
    assert all(one.mail is None for one in found.values())
    assert found["duty"].path == f"/components/{running.component_id}/"


def test_customer_and_reseller_read_why_and_until_when(world: World, running: Row, now: datetime) -> None:
    void = voided(world, running, now)
    found = told("warranty.voided")
    assert sorted(found) == ["ana", "dora"]
    mail = found["ana"].mail
    last = now + 30 * DAY
    for words in (
        "The seal was broken.",
        "Because of: Tampering",
        "Evidence: Ticket ACME-1, seal.jpg",
        f"Appeal until: {last.day} {last:%b %Y}",
        f"/components/{running.component_id}/",
    ):
        assert words in mail.text
    appealed(world, void, now)
    found = told("warranty.appealed")
    assert sorted(found) == ["adam", "duty"]
    assert "We never opened it." in found["duty"].mail.text
    done(world, "duty", services.uphold, void, now, answer="You are right.")
    found = told("warranty.given_back")
    assert sorted(found) == ["ana", "dora"]
    assert "You are right." in found["dora"].mail.text
    assert told("warranty.voided") == {}, "a mail that waited is not sent any more"


def test_a_refusal_is_told_and_the_end_of_the_days_is_not(world: World, running: Row, now: datetime) -> None:
    void = voided(world, running, now)
    keep(seconds=60, now=now + 31 * DAY)
    assert told("warranty.void_final") == {}
    other = warranty(world.components["bolt"], ago(now, 100), ago(now, -200))
    void = appealed(world, voided(world, other, now), now, by="bob")
    done(world, "duty", services.refuse_appeal, void, now, answer="No.")
    found = told("warranty.void_final")
    assert sorted(found) == ["bob", "nils"], "all of a customer that nobody administers"
    assert "stays void" in found["bob"].title


def test_given_back_after_the_part_was_replaced_its_heir_has_the_days(
    world: World, running: Row, now: datetime
) -> None:
    """Void, then replaced against payment: the new part has 90 days, and after the appeal all that was left."""
    void = appealed(world, voided(world, running, now), now)
    with work_unit(STAFF):
        old = Component.objects.select_related("product", "site").get(pk=running.component_id)
        more = {"product": old.product, "site": old.site, "on": ago(now, 0), "now": now}
        between = replace_component(actor=world.actor("cora"), component=old, serial="NEW-1", **more)
        heir = replace_component(actor=world.actor("cora"), component=between, serial="NEW-2", **more)
        assert [one.end_date for one in heir.warranties.all()] == [ago(now, -90)]
    done(world, "duty", services.uphold, void, now)
    assert fresh(running).state == "TRANSFERRED"
    with work_unit(STAFF):
        assert [one.end_date for one in heir.warranties.all()] == [running.end_date]
        later = now + 95 * DAY
        found = facts_of([Component.objects.for_list().get(pk=heir.pk)], later)[heir.pk]
        assert [one.is_void for one in found.warranties] == [False]


def test_the_database_wants_two_people_and_evidence(world: World, running: Row, now: datetime) -> None:
    """Whatever a deed forgets."""
    void = proposed(world, running, now)
    holds = {"kind": "public", "state": "VOID", "confirmed_at": now}
    for bad in (
        {**holds, "confirmed_by_id": void.proposed_by_id},
        {**holds, "confirmed_by_id": None},
        {"evidence": ""},
        {"kind": "public"},
        {"state": "VOID"},
    ):
        with pytest.raises(IntegrityError), work_unit(STAFF), transaction.atomic():
            WarrantyVoid.objects.filter(pk=void.pk).update(**bad)
    with work_unit(STAFF):
        WarrantyVoid.objects.filter(pk=void.pk).update(**holds, confirmed_by_id=0)


def test_no_job_makes_a_warranty_void(world: World, running: Row, now: datetime) -> None:
    void = proposed(world, running, now)
    for deed in (
        lambda: services.propose_void(actor=Actor.system("Job"), warranty=running, now=now, **OPENED),
        lambda: services.confirm_void(actor=Actor.system("Job"), void=void, now=now),
    ):
        with pytest.raises(CannotVoid), work_unit(STAFF):
            deed()
