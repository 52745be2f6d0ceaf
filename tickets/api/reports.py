"""How promises were kept, for programs: the tables of the page, from the same statements (docs/reports.md)."""

from datetime import date
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from rozoom_support.lib.ui.times import zone_named
from tenancy.actor import Actor
from tenancy.api.filters import choices, one, read_parameters, texts
from tenancy.api.idempotency import json_response
from tenancy.api.problems import FieldError, Mistakes
from tenancy.api.schema import operation, query
from tenancy.api.times import stamp
from tenancy.api.views import ApiView, actor_of, now_of, token_of
from tenancy.models import Kind, Organisation
from tickets.api.examples import REPORT_OF_PROMISES
from tickets.reports.period import DEFAULT, Period, WrongPeriod, chosen, preset
from tickets.reports.queries import KINDS, SEVERITIES, Narrowing
from tickets.reports.report import make_report
from tickets.reports.tables import AGE_NAMES, NAMES, tables
from tickets.reports.words import DIRECTIONS, PARTIES, RULE

TOO_FEW = "Whole percent; null when there are fewer than 20 to judge by."
UNKNOWN = "We know no {what} of yours with the code {code}."
DAY = {"type": "string", "format": "date"}


def day(name: str, values: list[str]) -> Any:
    text = one(name, values)
    if isinstance(text, FieldError):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        return FieldError(name, "wrong_type", f"{name} must be a day such as 2026-11-23.")


READERS = {
    "from": day,
    "to": day,
    "severity": choices(SEVERITIES),
    "kind": choices(KINDS),
    "customer": texts,
    "reseller": texts,
}
PARAMETERS = (
    query(
        "from", "The first day, in your organisation's time zone. Six months up to today when both are left out.", DAY
    ),
    query("to", "The last day; today when left out.", DAY),
    query("severity", "1, 2 or 3, one or several.", {"type": "array", "items": {"type": "integer", "enum": [1, 2, 3]}}),
    query(
        "kind",
        "Which promises stand in `months`, `customers` and `resellers`: one or several.",
        {"type": "array", "items": {"type": "string", "enum": list(KINDS)}},
    ),
    query("customer", "Codes of customers.", {"type": "array", "items": {"type": "string"}}),
    query("reseller", "Codes of resellers.", {"type": "array", "items": {"type": "string"}}),
)


def _percent(words: str = TOO_FEW) -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True, help_text=words)


class KeptShape(serializers.Serializer):
    """What became of promises. `decided` is `met` and `missed`; the other counts are apart."""

    kind = serializers.ChoiceField(choices=list(KINDS))
    decided = serializers.IntegerField()
    on_time_percent = _percent()
    met = serializers.IntegerField()
    missed = serializers.IntegerField(help_text="Answered late, ended late, or running and late.")
    undecided = serializers.IntegerField(help_text="Still running, not late.")
    cancelled = serializers.IntegerField(help_text="No answer was needed any more.")
    imported = serializers.IntegerField(help_text="How many of all these came from a system used before.")


class KeptBySeverityShape(KeptShape):
    severity = serializers.IntegerField(help_text="The one the promise ended with.")


class KeptByMonthShape(KeptBySeverityShape):
    month = serializers.CharField(help_text="2026-11; 2026-Q4 or 2026 where the period is long.")


class KeptByCustomerShape(KeptShape):
    customer = serializers.CharField()
    name = serializers.CharField()


class KeptByResellerShape(KeptShape):
    reseller = serializers.CharField(help_text="roZoom's own code for those it serves itself.")
    name = serializers.CharField()


class NumberShape(serializers.Serializer):
    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="Percent, or seconds. Null for fewer than 20.")
    n = serializers.IntegerField()
    before = serializers.FloatField(allow_null=True, help_text="The same in the period before.")
    n_before = serializers.IntegerField()


class ResponseTimeShape(serializers.Serializer):
    severity = serializers.IntegerField()
    within_s = serializers.IntegerField(help_text="Seconds from the report to the first answer, at most.")
    answered_within = serializers.IntegerField()
    answered = serializers.IntegerField(help_text="Early or late; those not answered yet are not in it.")
    percent = _percent()


class BacklogShape(serializers.Serializer):
    at_start_of = serializers.DateField(
        help_text="Counted at the first instant of this day; now, where that is to come."
    )
    severity = serializers.IntegerField(help_text="The one the ticket has now.")
    open = serializers.IntegerField()


class AgeShape(serializers.Serializer):
    age = serializers.ChoiceField(choices=list(AGE_NAMES), help_text="Since the report, of tickets that are open now.")
    severity = serializers.IntegerField()
    open = serializers.IntegerField()


class ReopenedShape(serializers.Serializer):
    severity = serializers.IntegerField()
    solved = serializers.IntegerField(help_text="How often a ticket was solved in the period.")
    reopened = serializers.IntegerField(help_text="How often that did not last, until now.")
    percent = _percent()


class SeverityChangeShape(serializers.Serializer):
    by = serializers.ChoiceField(choices=list(PARTIES))
    direction = serializers.ChoiceField(choices=[name.lower() for name in DIRECTIONS.values()])
    proposed = serializers.IntegerField()
    agreed = serializers.IntegerField()
    not_agreed = serializers.IntegerField()
    ended_otherwise = serializers.IntegerField(help_text="Withdrawn, replaced, expired, or the ticket ended.")
    waiting = serializers.IntegerField()


class PeriodShape(serializers.Serializer):
    first_day = serializers.DateField()
    last_day = serializers.DateField()


class AttainmentShape(serializers.Serializer):
    """How promises were kept in a period."""

    period = PeriodShape()
    before = PeriodShape()
    time_zone = serializers.CharField(help_text="Whose days and months these are.")
    as_of = serializers.DateTimeField()
    definition = serializers.CharField()
    numbers = NumberShape(many=True)
    attainment = KeptBySeverityShape(many=True)
    months = KeptByMonthShape(many=True)
    customers = KeptByCustomerShape(many=True)
    resellers = KeptByResellerShape(many=True)
    response_times = ResponseTimeShape(many=True)
    backlog = BacklogShape(many=True)
    ages = AgeShape(many=True)
    reopened = ReopenedShape(many=True)
    severity_changes = SeverityChangeShape(many=True)


class Attainment(ApiView):
    tag = "Reports"
    # Not report:read, which narrows a page down to roles: whoever holds a token of an organisation reads all its tickets.
    capabilities: ClassVar = {"GET": ("ticket:read",)}
    parameters: ClassVar = tuple(READERS)

    @operation(
        id_="read_attainment",
        summary="Read how promises were kept",
        words="The numbers of the page Reports, from the same statements. Yours only: a reseller's are those of its customers.",
        answer=AttainmentShape,
        parameters=PARAMETERS,
        examples=REPORT_OF_PROMISES,
    )
    def get(self, request: Request) -> HttpResponse:
        actor, now = actor_of(request), now_of(request)
        asked, kinds = asked_for(request, actor)
        report = make_report(actor, asked, kinds=kinds, now=now)
        made = tables(report)
        return json_response(
            {
                "period": _days(asked.period),
                "before": _days(asked.period.before),
                "time_zone": asked.period.zone,
                "as_of": stamp(now),
                "definition": RULE,
                **{name: made[name].as_dicts() for name in NAMES},
            }
        )


def asked_for(request: Request, actor: Actor) -> tuple[Narrowing, tuple[str, ...]]:
    """Raises Mistakes with everything that is wrong."""
    given = read_parameters(request, **READERS)
    zone = token_of(request).organisation.time_zone
    today = now_of(request).astimezone(zone_named(zone)).date()
    asked = Narrowing(
        _period(given, today, zone),
        severities=tuple(dict.fromkeys(given.get("severity", ()))),
        customers=_keys("customer", given.get("customer", ()), [Kind.CUSTOMER]),
        resellers=_keys("reseller", given.get("reseller", ()), [Kind.RESELLER, Kind.OPERATOR]),
    )
    return asked, tuple(dict.fromkeys(given.get("kind", KINDS)))


def _period(given: dict[str, Any], today: date, zone: str) -> Period:
    first, last = given.get("from"), given.get("to")
    if first is None and last is None:
        return preset(DEFAULT, today, zone)
    try:
        return chosen(first, last, today, zone)
    except WrongPeriod as wrong:
        raise Mistakes([FieldError(wrong.param, "wrong_type", wrong.words)]) from wrong


def _keys(what: str, codes: list[str], kinds: list[Kind]) -> tuple[int, ...]:
    """Another's code and one that nobody has are the same: unknown."""
    wanted = {code.upper() for code in codes}
    if not wanted:
        return ()
    found = dict(Organisation.objects.filter(kind__in=kinds, code__in=wanted).values_list("code", "pk"))
    if strangers := sorted(wanted - found.keys()):
        code = "unknown_customer" if what == "customer" else "not_a_choice"
        raise Mistakes([FieldError(what, code, UNKNOWN.format(what=what, code=strangers[0][:40]))])
    return tuple(found.values())


def _days(period: Period) -> dict[str, str]:
    return {"first_day": period.first.isoformat(), "last_day": period.last.isoformat()}
