"""Every promise is worked out again from the audit trail alone, and whatever was altered by hand is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sla.sweeper import sweep_all
from tenancy.context import work_unit
from tests.sla.promises import STAFF, ensure_ladder, reported
from tests.tickets.promises import happened, past_ticket, promise, stretches
from tests.together import together
from tests.world import World, message, ticket
from tickets.models import Ticket
from tickets.replaying import replay_all
from tickets.services import answer_severity, merge, propose_severity

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def replayed(*options: str) -> str:
    said = StringIO()
    call_command("replay_clocks", *options, stdout=said, stderr=StringIO())
    return said.getvalue()


def differing(*options: str) -> str:
    said = StringIO()
    with pytest.raises(CommandError, match="difference") as error:
        call_command("replay_clocks", *options, stdout=said, stderr=StringIO())
    assert error.value.returncode == 1
    return said.getvalue()


def agree(world: World, on: Ticket, to: int) -> None:
    """Ilse proposes, Dirk and Marek agree."""
    with work_unit(world.actor("ilse").context) as unit:
        assert unit.now
        propose_severity(actor=world.actor("ilse"), ticket=on, to=to, reason="Worse now.", now=unit.now)
    for name in ("dirk", "marek"):
        with work_unit(world.actor(name).context) as unit:
            assert unit.now
            answer_severity(actor=world.actor(name), ticket=on, number=1, agrees=True, now=unit.now)


def merged(world: World, one: Ticket, into: Ticket) -> None:
    with work_unit(STAFF) as unit:
        assert unit.now
        merge(actor=world.actor("marek"), ticket=one, into=into, now=unit.now)


def late(world: World) -> Ticket:
    """Answered an hour too late, after three levels fired."""
    filed = reported(world, 5 * HOUR, severity=2)
    sweep_all()
    message(world, filed, "marek")
    return filed


def test_lives_without_a_difference_are_summed_up(world: World) -> None:
    late(world)
    raised = ticket(world, severity=3)
    agree(world, raised, 1)
    merged(world, reported(world, 30 * MINUTE, severity=1), ticket(world, severity=3))
    said = replayed()
    # First answers of four tickets, two replaced ones, and the proposal's.
    assert said.startswith("4 tickets: 7 segments and 4 escalations worked out again from ")
    assert said.endswith(" events.\nNo difference.\n")
    assert replayed("--ticket", f" acme{raised.number}").startswith("1 tickets: 3 segments and 0 escalations")


def test_a_ticket_from_before_is_named_apart_and_never_as_right(world: World) -> None:
    ticket(world)
    with work_unit(STAFF) as unit:
        assert unit.now
        now = unit.now
    old = past_ticket(world.acme, now - 9 * HOUR)
    promise(old, stretches(old.reported_at, now))
    assert f"{old.reference}: it has no audit trail\n" in differing()
    from_before(old)
    said = replayed()
    assert said.startswith("1 tickets: 1 segments ")
    assert f"1 tickets can not be replayed: recorded before events told of clocks. {old.reference}." in said


def from_before(old: Ticket) -> None:
    """Its trail as it was written before: an event without a word about clocks."""
    happened(old, "ticket.filed", old.reported_at, severity=old.severity)


def test_deeds_done_meanwhile_are_no_difference(lasting_world: World) -> None:
    ensure_ladder()
    talk = [ticket(lasting_world, severity=number % 3 + 1) for number in range(3)]
    done = Event()

    def deeds() -> None:
        try:
            for _ in range(8):
                for one in talk:
                    message(lasting_world, one, "marek")
                    message(lasting_world, one, "ilse")
        finally:
            done.set()

    def look() -> list[str]:
        found: list[str] = []
        while not done.is_set():
            found += [str(difference) for one in replay_all(batch=2) for difference in one.differences]
        return found

    assert together(deeds, look)[1] == []
    assert replayed().startswith("3 tickets: 27 segments ")


def test_what_does_not_exist_is_said(world: World) -> None:
    filed = ticket(world)
    with pytest.raises(CommandError, match="There is no ticket ACME-99"):
        replayed("--ticket", "ACME-99")
    with pytest.raises(CommandError, match="not the number of a ticket"):
        replayed("--ticket", "nonsense")
    with pytest.raises(CommandError, match="is not a day such as"):
        replayed("--since", "23.11.2026")
    assert replayed("--ticket", filed.reference, "--since", "2020-01-01").startswith("1 tickets")
    with pytest.raises(CommandError, match="has not changed since"):
        replayed("--ticket", filed.reference, "--since", "2120-01-01")


# --- by the hand of whoever owns the tables -------------------------------------------------------------------------------
KEPT = ("sla_clocksegment", "sla_escalation", "tenancy_auditevent", "tenancy_audithead")
# Writes a chain anew from its first event on, so that every link holds.
LINK_AGAIN = """
DO $$
DECLARE
  v_event record;
  v_hash text := '';
BEGIN
  FOR v_event IN SELECT * FROM tenancy_auditevent WHERE chain = '{chain}' ORDER BY seq LOOP
    UPDATE tenancy_auditevent e SET previous = v_hash, hash = app.audit_hash(v_hash, e.chain, e.seq, e.kind, e.at, e.verb,
      e.actor_kind, e.actor_party, e.actor_name, e.person_id, e.data) WHERE e.id = v_event.id RETURNING e.hash INTO v_hash;
  END LOOP;
  UPDATE tenancy_audithead SET hash = v_hash WHERE chain = '{chain}';
END $$"""


def by_owner(*statements: str) -> None:
    with connection.as_owner(), connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql.replace("%", "%%"), [])


@contextmanager
def altered(sql: str, relink: Ticket | None = None) -> Iterator[None]:
    """As nobody but the owner could, and back again."""
    quiet = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in KEPT]
    loud = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in KEPT]
    keep = [f"CREATE TABLE kept_{table} AS TABLE {table}" for table in KEPT]
    link = [LINK_AGAIN.format(chain=relink.chain)] if relink else []
    by_owner(*keep, "CREATE TABLE kept_due AS SELECT id, clock_due_at FROM tickets_ticket", *quiet, sql, *link)
    try:
        yield
    finally:
        by_owner(
            *[f"DELETE FROM {table}" for table in ("sla_escalation", *KEPT) if table != "sla_clocksegment"],
            "DELETE FROM sla_clocksegment",
            *[f"INSERT INTO {table} SELECT * FROM kept_{table}" for table in KEPT],
            "UPDATE tickets_ticket t SET clock_due_at = k.clock_due_at FROM kept_due k WHERE k.id = t.id",
            *[f"DROP TABLE kept_{table}" for table in KEPT],
            "DROP TABLE kept_due",
            *loud,
        )


def note(ticket: Ticket, verb: str, change: str, place: int = 0) -> str:
    """SQL that changes what an event of this verb says of clocks; `change` is an expression over `n`, the note."""
    return f"""
      UPDATE tenancy_auditevent SET data = jsonb_set(data, '{{clocks,{place}}}',
        (SELECT n || {change} FROM (SELECT data #> '{{clocks,{place}}}' AS n) AS noted))
      WHERE chain = '{ticket.chain}' AND verb = '{verb}'"""


def earlier(name: str) -> str:
    return f"jsonb_build_object('{name}', (n ->> '{name}')::timestamptz - interval '2 hours')"


def test_whatever_is_altered_by_hand_is_named(lasting_world: World) -> None:
    world = lasting_world
    ensure_ladder()
    missed, raised, into = late(world), ticket(world, severity=3), ticket(world, severity=3)
    agree(world, raised, 1)
    gone = reported(world, 30 * MINUTE, severity=1)
    merged(world, gone, into)
    others = {one.reference for one in (missed, raised, into, gone)}
    first = f"ticket_id = {missed.pk}"
    old_one = f"ticket_id = {raised.pk} AND outcome = 'SUPERSEDED'"
    running = f"ticket_id = {raised.pk} AND stopped_at IS NULL"
    level = f"segment_id = (SELECT id FROM sla_clocksegment WHERE {first})"
    chain = f"chain = '{missed.chain}'"

    in_the_tables: list[tuple[Ticket, str, str]] = [
        (missed, f"UPDATE sla_clocksegment SET outcome = 'MET', stopped_at = due_at WHERE {first}",
         "the outcome is MET, by the events it is MISSED"),
        (missed, f"UPDATE sla_clocksegment SET outcome = 'MET', due_at = due_at + interval '2 hours' WHERE {first}",
         "event 1 (ticket.filed): First answer from"),
        (missed, f"UPDATE sla_clocksegment SET stopped_at = stopped_at + interval '1 microsecond' WHERE {first}",
         "event 5 (message.public): First answer from"),
        (missed, f"UPDATE sla_clocksegment SET severity = 1 WHERE {first}", "the severity is 1, by the events it is 2"),
        (missed, f"UPDATE sla_clocksegment SET kind = 'NEXT' WHERE {first}", "the kind is NEXT, by the events it is FIRST"),
        (missed, f"UPDATE sla_clocksegment SET counted_from = counted_from - interval '1 second' WHERE {first}",
         "the instant it counts from is"),
        (raised, f"UPDATE sla_clocksegment SET reason = 'for fun' WHERE {old_one}",
         "the reason is for fun, by the events it is severity agreed: 3 to 1"),
        (raised, f"UPDATE sla_clocksegment SET started_at = started_at + interval '1 second' WHERE {running}", "the start is"),
        (raised, f"UPDATE sla_clocksegment SET outcome = 'MISSED' WHERE {running}",
         "the outcome is MISSED, by the events it is RUNNING"),
        (raised, f"DELETE FROM sla_clocksegment WHERE {old_one}", "is not here"),
        (raised, "INSERT INTO sla_clocksegment SELECT (jsonb_populate_record(s, '{\"id\": 987654}')).*"
         f" FROM sla_clocksegment s WHERE {old_one}", "segment 987654 (FIRST, started "),
        (missed, f"DELETE FROM sla_escalation WHERE {level} AND level = 2", "event 3 (sla.escalated): level 2 of segment"),
        (missed, f"UPDATE sla_escalation SET scheduled_at = scheduled_at - interval '1 second' WHERE {level} AND level = 1",
         "no event tells of it so"),
        (raised, f"UPDATE tickets_ticket SET clock_due_at = clock_due_at + interval '1 second' WHERE id = {raised.pk}",
         "the ticket is due at"),
        (missed, f"UPDATE tenancy_auditevent SET data = data || '{{\"severity\": 3}}' WHERE {chain} AND seq = 1",
         "its audit trail is broken: event 1 was changed after it was written"),
        (missed, f"DELETE FROM tenancy_auditevent WHERE {chain} AND seq = 5", "its audit trail is broken: the end was cut off"),
        (missed, f"DELETE FROM tenancy_auditevent WHERE {chain}; DELETE FROM tenancy_audithead WHERE {chain}",
         "it has no audit trail"),
    ]  # fmt: skip
    in_whole_chains: list[tuple[Ticket, str, str]] = [
        (missed, note(missed, "message.public", earlier("at")), "the outcome is MISSED, by the events it is MET"),
        (missed, f"UPDATE tenancy_auditevent SET data = data - 'clocks' WHERE {chain} AND verb = 'message.public'",
         "event 5 (message.public): it ends the promise, which went on"),
        (missed, note(missed, "ticket.filed", "'{\"kind\": \"NEXT\"}'"), "promises a first answer from that moment on"),
        (missed, note(missed, "ticket.filed", "'{\"at\": 7}'"), "event 1 (ticket.filed): what it says of clocks can not be read"),
        (missed, "UPDATE tenancy_auditevent SET data = data || jsonb_build_object('scheduled_at',"
         f" (data ->> 'scheduled_at')::timestamptz - interval '1 second') WHERE {chain} AND data ->> 'level' = '3';"
         f" UPDATE sla_escalation SET scheduled_at = scheduled_at - interval '1 second' WHERE {level} AND level = 3",
         "event 4 (sla.escalated): level 3 was due at"),
        (raised, note(raised, "severity.agreed", "'{\"severity\": 2}'"), "severity 1 was agreed, the clock runs with 2"),
        (raised, "UPDATE tenancy_auditevent SET data = data - 'clocks'"
         f" WHERE chain = '{raised.chain}' AND verb = 'severity.agreed'",
         "severity 1 was agreed, the clock runs with 3"),
        (raised, "UPDATE tenancy_auditevent SET data = data #- '{clocks,0,became}'"
         f" WHERE chain = '{raised.chain}' AND verb = 'severity.agreed'",
         "by the rules the promise had to change here, and it did not"),
        (into, note(into, "ticket.absorbed", earlier("due_by")), "the due time is"),
        (gone, note(into, "ticket.absorbed", earlier("due_by")), "the ticket that goes on was told"),
    ]  # fmt: skip

    assert "No difference." in replayed()
    for altered_one, sql, words in in_the_tables:
        with altered(sql):
            said = differing()
            lines = [line for line in said.splitlines() if line.startswith(altered_one.reference)]
            assert any(words in line for line in lines), (sql, said)
            untouched = others - {altered_one.reference}
            assert not any(line.startswith(tuple(untouched)) for line in said.splitlines()), (sql, said)
            assert words in differing("--ticket", altered_one.reference)
    for altered_one, sql, words in in_whole_chains:
        with altered(sql, relink=into if altered_one is gone else altered_one):
            said = differing()
            assert "audit trail is broken" not in said
            assert any(words in line for line in said.splitlines() if line.startswith(altered_one.reference)), (
                sql,
                said,
            )
    without = f"UPDATE tenancy_auditevent SET data = data - 'clocks' WHERE {chain} AND verb = 'ticket.filed'"
    with altered(without, relink=missed):
        assert f"recorded before events told of clocks. {missed.reference}." in replayed()
    assert "No difference." in replayed()
