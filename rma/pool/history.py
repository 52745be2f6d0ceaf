"""What the advice on stock is worked out from: who is entitled now, how often it failed, how long a unit is away."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DateField, DurationField, Exists, ExpressionWrapper, F, Min, OuterRef, Q, Sum
from django.db.models.functions import Coalesce, Greatest, Least, TruncDate

from contracts.coverage import facts_of
from contracts.entitlement import Outcome, decide
from contracts.models import AgreementLine, Component, Product, WarrantyCoverage
from contracts.terms import DAY
from rma.models import ProductSupplier, Rma, SupplierRma
from rma.states import RmaKind, RmaState, SupplierState

LOOKED_BACK = timedelta(days=3 * 365)
RECENT = timedelta(days=30)
BATCH = 2000
AGREED_RETURN_DAYS = 15.0  # ten business days and the way, where too few came back to tell
AGREED_REPAIR_DAYS = 30
ENOUGH = 5  # returns, before their mean counts
NO_FAILURE = (RmaState.REJECTED, RmaState.CANCELLED)
OWING = (RmaState.DELIVERED, RmaState.RETURN_OVERDUE)


@dataclass(frozen=True)
class Failures:
    """`unit_years`: of all installed units since `since`."""

    since: date
    number: int
    unit_years: float
    recent: int
    installed: int


@dataclass(frozen=True)
class Leg:
    """Mean days, over so many cases; with too few of them, the days that are agreed."""

    days: float
    cases: int

    @property
    def is_agreed(self) -> bool:
        return self.cases < ENOUGH


@dataclass(frozen=True)
class Times:
    coming_back: Leg  # from the replacement leaving to the failed part arriving
    repair: Leg  # from then to a good unit
    late_days: float  # by which failed parts come after their day, on average
    late_now: int

    @property
    def days(self) -> float:
        return self.coming_back.days + self.repair.days


def entitled_units(product: Product, now: datetime) -> int:
    """Components whose failure, reported now, would get a replacement in advance: the rules decide, one by one."""
    keys = list(_could_be_entitled(product, now).values_list("pk", flat=True))
    return sum(_entitled(keys[start : start + BATCH], now) for start in range(0, len(keys), BATCH))


def _could_be_entitled(product: Product, now: datetime) -> Any:
    """Those with a warranty and an agreement about these days; the others the rules would refuse in any case."""
    warranty = WarrantyCoverage.objects.filter(
        component=OuterRef("pk"), start_date__lte=now.date() + DAY, end_date__gte=now.date() - DAY
    )
    line = AgreementLine.objects.filter(component=OuterRef("pk"), cover_end__gte=now.date() - DAY)
    in_use = Component.objects.in_use().filter(product=product)
    return in_use.filter(Exists(warranty), Exists(line)).order_by("pk")


def _entitled(keys: list[Any], now: datetime) -> int:
    components = list(Component.objects.filter(pk__in=keys).select_related("product", "site"))
    facts = facts_of(components, now, reported_at=now)
    return sum(decide(one, now).outcome == Outcome.ADVANCE for one in facts.values())


def failures_of(product: Product, now: datetime) -> Failures:
    """Since the first return was filed here, at most three years back: before that nobody wrote failures down."""
    first = Rma.objects.aggregate(first=Min("requested_at"))["first"] or now
    since = max(first, now - LOOKED_BACK)
    found = Rma.objects.filter(component__product=product, previous=None).exclude(state__in=NO_FAILURE)
    counted = found.aggregate(
        number=Count("pk", filter=Q(requested_at__gte=since)),
        dead=Sum("dead_on_arrival", filter=Q(requested_at__gte=since)),
        recent=Count("pk", filter=Q(requested_at__gte=now - RECENT)),
    )
    return Failures(
        since=since.date(),
        number=counted["number"] + (counted["dead"] or 0),
        unit_years=_unit_years(product, since.date(), now.date()),
        recent=counted["recent"],
        installed=Component.objects.in_use().filter(product=product).count(),
    )


def _unit_years(product: Product, since: date, today: date) -> float:
    """Of those in use, and of those replaced until they were."""
    replaced = Rma.objects.filter(component=OuterRef("pk"), delivered_on__isnull=False).order_by("-delivered_on")
    ended = Coalesce(replaced.values("delivered_on")[:1], today, output_field=DateField())
    lived = Component.objects.filter(product=product, implemented_on__lte=today).exclude(
        ~Q(state=Component.State.IN_USE) & ~Exists(replaced)
    )
    days = ExpressionWrapper(
        Least(ended, today, output_field=DateField()) - Greatest(F("implemented_on"), since, output_field=DateField()),
        output_field=DurationField(),
    )
    total = lived.annotate(lived=days).filter(lived__gt=timedelta(0)).aggregate(total=Sum("lived"))["total"]
    return (total or timedelta(0)) / timedelta(days=365)


def times_of(product: Product, now: datetime) -> Times:
    """From what really happened in three years."""
    returns = Rma.objects.filter(
        component__product=product, kind=RmaKind.ADVANCE, shipped_at__gte=now - LOOKED_BACK, shipped_at__isnull=False
    )
    late = ExpressionWrapper(TruncDate("received_at") - F("return_due"), output_field=DurationField())
    back = returns.filter(received_at__isnull=False).aggregate(
        mean=Avg(_between("shipped_at", "received_at")), cases=Count("pk")
    )
    came_late = returns.filter(received_at__isnull=False, return_due__isnull=False).annotate(late=late)
    late_days = came_late.aggregate(total=Sum("late", filter=Q(late__gt=timedelta(0))), cases=Count("pk"))
    return Times(
        coming_back=_leg(back["mean"], back["cases"], AGREED_RETURN_DAYS),
        repair=_repair(product, now),
        late_days=(late_days["total"] or timedelta(0)) / DAY / late_days["cases"] if late_days["cases"] else 0.0,
        late_now=returns.filter(state__in=OWING, due_at__lte=now).count(),
    )


def _repair(product: Product, now: datetime) -> Leg:
    """From the failed part's arrival, or from sending it off, until the supplier settled it."""
    settled = SupplierRma.objects.filter(
        product_sku=product.sku, state=SupplierState.SETTLED, settled_at__gte=now - LOOKED_BACK
    )
    began = Coalesce("rma__received_at", "sent_at", "submitted_at")
    found = settled.annotate(began=began).aggregate(mean=Avg(_between("began", "settled_at")), cases=Count("pk"))
    agreed = ProductSupplier.objects.filter(product=product).values_list("repair_days", flat=True).first()
    return _leg(found["mean"], found["cases"], float(agreed or AGREED_REPAIR_DAYS))


def _between(start: str, end: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(end) - F(start), output_field=DurationField())


def _leg(mean: timedelta | None, cases: int, agreed: float) -> Leg:
    return Leg(mean / DAY if mean is not None and cases >= ENOUGH else agreed, cases)
