"""The audit trail is recomputed, and every way to tamper with it as the owner of the tables is noticed."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tenancy import audit
from tenancy.actor import Actor
from tenancy.context import work_unit
from tests.tenancy.doorstep import STAFF
from tests.world import World

CHAIN = "ticket:42"


def write(world: World, *, of: str = "acme", chain: str = CHAIN, times: int = 5) -> None:
    with work_unit(STAFF) as unit:
        for number in range(times):
            assert unit.now
            audit.record(
                Actor.system("test"),
                customer_id=getattr(world, of).pk,
                chain=chain,
                verb=f"ticket.deed{number}",
                now=unit.now,
                number=number,
            )


def verify(**options: Any) -> str:
    said = StringIO()
    call_command("verify_audit", stdout=said, stderr=StringIO(), **options)
    return said.getvalue()


def tamper(sql: str) -> None:
    """As whoever owns the tables could."""
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)


def broken(**options: Any) -> str:
    said = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_audit", stdout=said, stderr=StringIO(), **options)
    assert error.value.returncode == 1
    return said.getvalue()


def test_whole_chains_are_counted(world: World) -> None:
    write(world)
    write(world, of="bolt", chain="ticket:43", times=2)
    assert verify() == "7 events in 2 chains of 2 organisations.\nEvery link holds.\n"
    assert verify(customer="bolt").startswith("2 events in 1 chains of 1 ")
    assert verify(chain=CHAIN).startswith("5 events in 1 chains of 1 ")


def test_an_empty_trail_holds(world: World) -> None:
    assert "Every link holds." in verify()


def test_names_nobody_has_are_said(world: World) -> None:
    write(world)
    with pytest.raises(CommandError, match="Is the code right"):
        verify(customer="NOBODY")
    with pytest.raises(CommandError, match="There is no chain ticket:99"):
        verify(chain="ticket:99")


HERE = f"chain = '{CHAIN}'"
HASH = "app.audit_hash(previous, chain, seq, kind, at, verb, actor_kind, actor_party, actor_name, person_id, data)"
INSERT = f"""INSERT INTO tenancy_auditevent (customer_id, reseller_id, chain, seq, kind, at, verb, actor_kind, actor_party,
  actor_name, person_id, data, previous, hash)
  SELECT customer_id, reseller_id, chain, %s, kind, at, 'forged', actor_kind, actor_party, actor_name, person_id, data,
  %s FROM tenancy_auditevent WHERE {HERE} AND seq = 5"""

TAMPERINGS: dict[str, tuple[str, str]] = {
    "a changed verb": (
        f"UPDATE tenancy_auditevent SET verb = 'forged' WHERE {HERE} AND seq = 3",
        "event 3 was changed after it was written",
    ),
    "a changed value": (
        f"UPDATE tenancy_auditevent SET data = '{{\"number\": 9}}' WHERE {HERE} AND seq = 2",
        "event 2 was changed after it was written",
    ),
    "another name": (
        f"UPDATE tenancy_auditevent SET actor_name = 'Somebody else' WHERE {HERE} AND seq = 5",
        "event 5 was changed after it was written",
    ),
    "another time": (
        f"UPDATE tenancy_auditevent SET at = at - interval '1 microsecond' WHERE {HERE} AND seq = 4",
        "event 4 was changed after it was written",
    ),
    "another readership": (
        f"UPDATE tenancy_auditevent SET kind = 'internal' WHERE {HERE} AND seq = 4",
        "event 4 was changed after it was written",
    ),
    "a change with a hash that fits": (
        f"UPDATE tenancy_auditevent SET verb = 'forged' WHERE {HERE} AND seq = 3;"
        f" UPDATE tenancy_auditevent SET hash = {HASH} WHERE {HERE} AND seq = 3",
        "event 4 does not follow the one before it",
    ),
    "a deleted middle": (
        f"DELETE FROM tenancy_auditevent WHERE {HERE} AND seq = 3",
        "event 3 is missing, or one was put in: number 4 stands in its place",
    ),
    "a deleted middle with the gap closed": (
        f"DELETE FROM tenancy_auditevent WHERE {HERE} AND seq = 3;"
        f" UPDATE tenancy_auditevent SET seq = 3 WHERE {HERE} AND seq = 4;"
        f" UPDATE tenancy_auditevent SET seq = 4 WHERE {HERE} AND seq = 5",
        "event 3 was changed after it was written",
    ),
    "a deleted beginning": (f"DELETE FROM tenancy_auditevent WHERE {HERE} AND seq = 1", "event 1 is missing"),
    "a cut tail": (
        f"DELETE FROM tenancy_auditevent WHERE {HERE} AND seq > 3",
        "the end was cut off: 5 events were written, 3 are there",
    ),
    "nothing left": (
        f"DELETE FROM tenancy_auditevent WHERE {HERE}",
        "the end was cut off: 5 events were written, 0 are there",
    ),
    "an event put in at the end": (
        INSERT
        % (
            "6",
            "hash, app.audit_hash(hash, chain, 6, kind, at, 'forged', actor_kind, actor_party, actor_name,"
            " person_id, data)",
        ),
        "event 6 was put in at the end: the chain ended at 5",
    ),
    "an event put in before the first": (INSERT % ("0", "'', ''"), "event 1 is missing, or one was put in: number 0"),
    "a last event written anew": (
        f"UPDATE tenancy_auditevent SET verb = 'forged' WHERE {HERE} AND seq = 5;"
        f" UPDATE tenancy_auditevent SET hash = {HASH} WHERE {HERE} AND seq = 5",
        "event 5 is not the one the chain ended with",
    ),
    "a head taken away": (f"DELETE FROM tenancy_audithead WHERE {HERE}", "its end, event 5, was never written down"),
    "a head moved back over a cut": (
        f"DELETE FROM tenancy_auditevent WHERE {HERE} AND seq > 3; UPDATE tenancy_audithead SET seq = 3 WHERE {HERE}",
        "event 3 is not the one the chain ended with",
    ),
}


@pytest.mark.parametrize("sql, words", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampering_is_noticed_and_its_place_named(lasting_world: World, sql: str, words: str) -> None:
    write(lasting_world)
    write(lasting_world, chain="ticket:44")
    tamper(sql)
    said = broken()
    assert f"ACME {CHAIN}: {words}" in said
    assert "ticket:44" not in said
    assert broken(chain=CHAIN)
    assert "Every link holds." in verify(chain="ticket:44")


def test_each_broken_chain_is_named_once(lasting_world: World) -> None:
    write(lasting_world)
    write(lasting_world, of="bolt", chain="ticket:43")
    tamper("UPDATE tenancy_auditevent SET verb = 'forged' WHERE seq > 1")
    assert broken().splitlines()[1:] == [
        f"ACME {CHAIN}: event 2 was changed after it was written",
        "BOLT ticket:43: event 2 was changed after it was written",
    ]


@pytest.mark.parametrize("audience", ["customer", "reseller", "staff", "worker", "app"])
def test_no_role_of_the_application_changes_the_trail(lasting_world: World, audience: str) -> None:
    write(lasting_world)
    for table in ("tenancy_auditevent", "tenancy_audithead"):
        with connection.cursor() as cursor:
            for privilege in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
                cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [f"rozoom_{audience}", table, privilege])
                assert cursor.fetchone() == (False,), (audience, table, privilege)
    assert "Every link holds." in verify()
