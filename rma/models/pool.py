"""The parts pool: warehouses, calendars, units. roZoom's own tables; no tenant reads them."""

from datetime import time
from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from contracts.models import Product
from rma.states import Condition, UnitState
from rozoom_support.lib.ids import new_id
from rozoom_support.lib.zones import validate_time_zone
from tenancy.models import Organisation


class BusinessCalendar(models.Model):
    """Which days are worked: at one warehouse, or wherever goods arrive in a country or a part of it."""

    class Purpose(models.TextChoices):
        WAREHOUSE = "WAREHOUSE", "Warehouse"
        DESTINATION = "DESTINATION", "Destination"

    code = models.CharField(max_length=40)
    purpose = models.CharField(max_length=11, choices=Purpose, default=Purpose.DESTINATION)
    country = models.CharField(max_length=2, help_text="Two letters, such as DE.")
    subdivision = models.CharField(max_length=6, blank=True)
    weekend = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True, help_text="Monday is 0. Empty: the country's own."
    )
    copied_years = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], name="business_calendar_code_taken"),
            models.UniqueConstraint(
                fields=["country", "subdivision"],
                condition=Q(purpose="DESTINATION"),
                name="business_calendar_one_per_destination",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["WAREHOUSE", "DESTINATION"]), name="business_calendar_purpose_known"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CalendarDay(models.Model):
    """One day that differs from the week. What a person set (MANUAL) goes before what was copied (LIBRARY)."""

    class Source(models.TextChoices):
        LIBRARY = "LIBRARY", "Public holiday"
        MANUAL = "MANUAL", "Set by hand"

    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    is_open = models.BooleanField(default=False)
    name = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=7, choices=Source)
    by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "day", "source"], name="calendar_day_once"),
            models.CheckConstraint(condition=Q(source__in=["LIBRARY", "MANUAL"]), name="calendar_day_source_known"),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} {self.day}: {'open' if self.is_open else 'closed'}"


class Warehouse(models.Model):
    """Where replacements leave from. The next-business-day promise counts in its zone, up to its cut-off."""

    code = models.CharField(max_length=12)
    name = models.CharField(max_length=120)
    address = models.TextField(blank=True)
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    cut_off = models.TimeField(default=time(15), help_text="Approved before this leaves the same day.")
    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.PROTECT, related_name="warehouses")
    serviced_countries = ArrayField(
        models.CharField(max_length=2), default=list, blank=True, help_text="Where a date is promised."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["code"], name="warehouse_code_taken")]

    def __str__(self) -> str:
        return self.name


class Pool(models.Model):
    """Units kept to be sent first, at one warehouse."""

    code = models.CharField(max_length=12)
    name = models.CharField(max_length=120)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="pools")
    owner_name = models.CharField(max_length=120, default="roZoom")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["code"], name="pool_code_taken")]

    def __str__(self) -> str:
        return self.name


class BaseStock(models.Model):
    """How many good units of a product a pool should own, and how often the shelf should meet a request."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="base_stocks", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="base_stocks")
    level = models.PositiveSmallIntegerField(default=0)
    target_fill = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal("0.95"))
    set_by_name = models.CharField(max_length=120, blank=True)
    set_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pool", "product"], name="base_stock_once"),
            models.CheckConstraint(
                condition=Q(target_fill__gt=0, target_fill__lt=1), name="base_stock_target_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} in {self.pool}: {self.level}"


class Substitute(models.Model):
    """A product that may be sent for another one, the lowest rank first."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="substitutes", db_index=False)
    substitute = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="stands_for")
    rank = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "substitute"], name="substitute_once"),
            models.CheckConstraint(condition=~Q(product=F("substitute")), name="substitute_is_another_product"),
        ]

    def __str__(self) -> str:
        return f"{self.substitute} for {self.product}"


class ProductSupplier(models.Model):
    """Who makes or repairs a product: the one proposed when a return is approved."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="suppliers", db_index=False)
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    address = models.TextField(blank=True, help_text="Where parts are sent.")
    repair_days = models.PositiveSmallIntegerField(default=30, help_text="From arrival to leaving, as agreed.")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["product"], name="product_supplier_once")]

    def __str__(self) -> str:
        return f"{self.product} by {self.supplier}"


MAY_BE_MISSING = (UnitState.AVAILABLE, UnitState.RESERVED, UnitState.QUARANTINE)


class PoolUnitQuerySet(models.QuerySet):
    def available(self) -> "PoolUnitQuerySet":
        """On the shelf and fit to be sent; nobody says that it is missing."""
        return self.filter(state=UnitState.AVAILABLE, missing_said_by_name="")

    def oldest_first(self) -> "PoolUnitQuerySet":
        return self.order_by("available_since", "id")


class PoolUnit(models.Model):
    """One serial in the loop: bought, sent out, failed, repaired, sent out again. One row for its whole life with roZoom."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="units", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="pool_units", db_index=False)
    serial = models.CharField(max_length=80, blank=True, help_text="Empty only while it is on order.")
    serial_normal = models.CharField(max_length=80, blank=True, editable=False)
    revision = models.CharField(max_length=40, blank=True)
    firmware = models.CharField(max_length=40, blank=True)
    condition = models.CharField(max_length=11, choices=Condition, default=Condition.NEW)
    state = models.CharField(max_length=20, choices=UnitState, default=UnitState.ON_ORDER)
    place = models.CharField(max_length=60, blank=True, help_text="Shelf or bin.")
    # The installed component it became, without a reference: the pool knows no tenants.
    component_key = models.UUIDField(null=True, editable=False)
    came_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="became", help_text="The unit it was exchanged for."
    )
    available_since = models.DateTimeField(null=True, help_text="The oldest on the shelf leaves first.")
    note = models.CharField(max_length=400, blank=True)
    # A write-off after a stock count needs two people: who asked for it, and who agreed.
    missing_said_by_id = models.BigIntegerField(null=True)
    missing_said_by_name = models.CharField(max_length=120, blank=True)
    changed_at = models.DateTimeField()
    changed_by_name = models.CharField(max_length=160)

    objects = PoolUnitQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["product", "serial_normal"], condition=~Q(serial_normal=""), name="pool_unit_serial_taken"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ON_ORDER", "RETIRED"]) | ~Q(serial_normal=""),
                name="pool_unit_has_a_serial_once_it_is_here",
            ),
            models.CheckConstraint(condition=Q(state__in=UnitState.values), name="pool_unit_state_known"),
            models.CheckConstraint(condition=Q(condition__in=Condition.values), name="pool_unit_condition_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["AVAILABLE", "RESERVED", "OUT_IN_TRANSIT"], condition="DEFECTIVE"),
                name="pool_unit_failed_is_not_sent_out",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["product", "available_since", "id"], condition=Q(state="AVAILABLE"), name="pool_unit_shelf"
            ),
            models.Index(fields=["pool", "product", "state"], name="pool_unit_counts"),
            models.Index(fields=["serial_normal"], name="pool_unit_serial"),
        ]

    def __str__(self) -> str:
        without = "on order" if self.state == UnitState.ON_ORDER else "that was not delivered"
        return f"{self.product} {self.serial or without}"

    @property
    def is_missing(self) -> bool:
        """Somebody did not find it, and nobody has confirmed that yet."""
        return self.missing_said_by_name != "" and self.state in MAY_BE_MISSING

    @property
    def chain(self) -> str:
        """The name of its audit chain, kept with roZoom's own."""
        return f"unit:{self.pk}"
