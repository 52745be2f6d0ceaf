"""What roZoom sold and where it stands."""

import re
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper

from contracts.lifecycle import WarrantyLifecycle, WarrantyState
from rozoom_support.lib.ids import new_id
from rozoom_support.lib.zones import validate_time_zone
from tenancy.models import TenantModel, TenantQuerySet

NOT_IN_A_SERIAL = re.compile(r"[\s\-_./]+")


def days_of(start: str, end: str) -> Func:
    """The range of two date columns, both ends inside, for constraints that forbid an overlap."""
    return Func(F(start), F(end), Value("[]"), function="daterange")


def normal_serial(serial: str) -> str:
    """Serials compare without case, spaces and separators: " 7f-22 31" is 7F2231."""
    return NOT_IN_A_SERIAL.sub("", serial).upper()


class Product(models.Model):
    """An article roZoom sells. The catalogue is the same for every tenant."""

    class Kind(models.TextChoices):
        HARDWARE = "HARDWARE", "Hardware"
        SOFTWARE = "SOFTWARE", "Software"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sku = models.CharField("SKU", max_length=40)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=8, choices=Kind)
    is_active = models.BooleanField(default=True)
    has_media = models.BooleanField(
        "keeps data", default=False, help_text="A failed part asks what to do with its data."
    )
    end_of_sale = models.DateField(null=True, blank=True)
    end_of_support = models.DateField(null=True, blank=True, help_text="The last day roZoom supports it.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Upper("sku"), name="product_sku_taken"),
            models.CheckConstraint(condition=Q(kind__in=["HARDWARE", "SOFTWARE"]), name="product_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Site(TenantModel):
    """A place where a customer runs components. Dates of its contracts count in its time zone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, such as DE.")
    subdivision = models.CharField(max_length=6, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    contact_name = models.CharField(max_length=120, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    access_hours = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="site_tenant_key"),
            models.UniqueConstraint("customer", Upper("name"), name="site_name_taken"),
        ]

    def __str__(self) -> str:
        return self.name


class ComponentQuerySet(TenantQuerySet):
    def in_use(self) -> "ComponentQuerySet":
        """Installed and working for a customer now."""
        return self.filter(state=Component.State.IN_USE)

    def for_list(self) -> "ComponentQuerySet":
        return self.select_related("product", "site")


class Component(TenantModel):
    """One installed product with its serial. Serials are unique per product over all tenants; only staff write them."""

    class State(models.TextChoices):
        IN_USE = "IN_USE", "In use"
        REPLACED = "REPLACED", "Replaced"
        RETURNED = "RETURNED", "Returned"
        RETIRED = "RETIRED", "Retired"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="components")
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="components", db_constraint=False, db_index=False
    )
    serial = models.CharField(max_length=80)
    serial_normal = models.CharField(max_length=80, editable=False)
    location = models.CharField(max_length=120, blank=True, help_text="Where at the site: rack 4, lift 2.")
    implemented_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.IN_USE)
    replaced_by = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="replaces",
        db_constraint=False,
        db_index=False,
    )

    objects = ComponentQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="component_tenant_key"),
            # A part that came back to roZoom may stand somewhere else next; what it was stays as history.
            models.UniqueConstraint(
                fields=["product", "serial_normal"], condition=~Q(state="RETURNED"), name="component_serial_taken"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["IN_USE", "REPLACED", "RETURNED", "RETIRED"]),
                name="component_state_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "site"], name="component_customer_site"),
            models.Index(fields=["reseller"], name="component_reseller"),
            models.Index(fields=["serial_normal"], name="component_serial"),
        ]

    def __str__(self) -> str:
        return f"{self.product}, {self.serial}"


class ComponentMove(TenantModel):
    """A component went from one site to another. Rows are only ever added."""

    tenant_parent = "component"

    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, related_name="moves", db_constraint=False, db_index=False
    )
    from_site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    to_site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    moved_on = models.DateField()
    by_name = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["customer", "component"], name="component_move_of")]

    def __str__(self) -> str:
        return f"{self.component}: {self.from_site} to {self.to_site}"


class WarrantyCoverage(WarrantyLifecycle, TenantModel):
    """The standard or extended warranty of one component, from the first day to the last, in its site's zone."""

    class Kind(models.TextChoices):
        STANDARD = "STANDARD", "Standard"
        EXTENDED = "EXTENDED", "Extended"

    tenant_parent = "component"

    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, related_name="warranties", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind)
    start_date = models.DateField()
    end_date = models.DateField()
    exclusions = models.TextField(blank=True)
    voided_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on it is void, until an appeal is upheld."
    )
    void_reason = models.TextField(blank=True)

    class Meta:
        verbose_name = "warranty"
        verbose_name_plural = "warranties"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="warranty_tenant_key"),
            models.CheckConstraint(condition=Q(kind__in=["STANDARD", "EXTENDED"]), name="warranty_kind_known"),
            models.CheckConstraint(condition=Q(state__in=WarrantyState.values), name="warranty_state_known"),
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="warranty_ends_after_it_starts"),
            ExclusionConstraint(
                name="warranty_of_a_component_do_not_overlap",
                violation_error_message="This component has a warranty for these days already.",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("component", RangeOperators.EQUAL),
                    (days_of("start_date", "end_date"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "component"], name="warranty_of_component")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} warranty to {self.end_date}"

    def is_void(self, at: datetime) -> bool:
        """Voided by then. A warranty that moved on to a replacement protects this serial no more."""
        return self.state == WarrantyState.TRANSFERRED or (self.voided_at is not None and self.voided_at <= at)
