"""What components and sites look like to programs."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from contracts.coverage import Row, covered_by
from contracts.entitlement import Charge, Coverage, Decision, Outcome, Support
from contracts.facts import Facts
from contracts.models import Component, Product, WarrantyVoid
from contracts.standing import appeal_ends
from tenancy.api.times import stamp

COMPONENT_COLUMNS = (
    "id",
    "customer__code",
    "product__sku",
    "product__name",
    "product__kind",
    "site_id",
    "serial",
    "location",
    "implemented_on",
    "state",
)
SITE_COLUMNS = (
    "id",
    "customer__code",
    "name",
    "address",
    "country",
    "subdivision",
    "time_zone",
    "contact_name",
    "contact_phone",
    "access_hours",
    "is_active",
)


class ProductShape(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Product.Kind.choices)


class ComponentShape(serializers.Serializer):
    id = serializers.UUIDField()
    customer = serializers.CharField(help_text="The code of the customer that has it.")
    product = ProductShape()
    site = serializers.UUIDField()
    serial = serializers.CharField()
    location = serializers.CharField(help_text="Where at the site it stands; may be empty.")
    implemented_on = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(choices=Component.State.choices)


class SiteShape(serializers.Serializer):
    id = serializers.UUIDField()
    customer = serializers.CharField(help_text="The code of the customer that runs it.")
    name = serializers.CharField()
    address = serializers.CharField()
    country = serializers.CharField(help_text="Two letters, such as DE; may be empty.")
    subdivision = serializers.CharField()
    time_zone = serializers.CharField(help_text="Its IANA name, such as Europe/Berlin.")
    contact_name = serializers.CharField()
    contact_phone = serializers.CharField()
    access_hours = serializers.CharField()
    is_active = serializers.BooleanField()


def write_component(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "customer": row.customer__code,
        "product": {"sku": row.product__sku, "name": row.product__name, "kind": row.product__kind},
        "site": str(row.site_id),
        "serial": row.serial,
        "location": row.location,
        "implemented_on": row.implemented_on.isoformat() if row.implemented_on else None,
        "state": row.state,
    }


def write_site(row: Any) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in SITE_COLUMNS if name not in {"id", "customer__code"}}
    return {"id": str(row.id), "customer": row.customer__code, **plain}


class VoidShape(serializers.Serializer):
    voided_at = serializers.DateTimeField()
    ground = serializers.ChoiceField(choices=WarrantyVoid.Ground.choices)
    reason = serializers.CharField()
    appeal_until = serializers.DateField(help_text="The last day on which an appeal is taken, in the site's zone.")
    appealed_at = serializers.DateTimeField(allow_null=True)


class CoverageShape(serializers.Serializer):
    component = serializers.UUIDField()
    customer = serializers.CharField(help_text="The code of the customer that has it.")
    product = ProductShape()
    serial = serializers.CharField()
    site = serializers.UUIDField()
    covered = serializers.BooleanField(help_text="Whether a problem reported at that instant is covered.")
    covered_by = serializers.CharField(help_text="For people.")
    support = serializers.ChoiceField(choices=[(one.value, one.value) for one in Support])
    rule = serializers.CharField(help_text="S0 to S5.")
    agreement = serializers.CharField(help_text="Its number; empty when none covers it.")
    until = serializers.DateField(allow_null=True, help_text="The last covered day without a gap, in the site's zone.")
    warranty_until = serializers.DateField(allow_null=True)
    warranty_void = VoidShape(allow_null=True, help_text="Why roZoom made its warranty void; null where none is.")
    reasons = serializers.ListField(child=serializers.CharField())
    would_change = serializers.ListField(child=serializers.CharField())


class SupportShape(serializers.Serializer):
    covered = serializers.BooleanField()
    support = serializers.ChoiceField(choices=[(one.value, one.value) for one in Support])
    rule = serializers.CharField(help_text="S0 to S5.")
    agreement = serializers.CharField()
    until = serializers.DateField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    would_change = serializers.ListField(child=serializers.CharField())


class ReplacementShape(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=[(one.value, one.value) for one in Outcome])
    rule = serializers.CharField(help_text="R0 to R10, the first that matched.")
    charge = serializers.ChoiceField(choices=[(one.value, one.value) for one in Charge])
    promises_date = serializers.BooleanField(help_text="Whether the next-business-day schedule applies.")
    flags = serializers.ListField(child=serializers.CharField())
    reasons = serializers.ListField(child=serializers.CharField())
    would_change = serializers.ListField(child=serializers.CharField())


class EntitlementShape(serializers.Serializer):
    component = serializers.UUIDField()
    at = serializers.DateTimeField(help_text="The instant of decision: the fee is judged by it.")
    reported_at = serializers.DateTimeField(help_text="The instant of the report: cover is judged by it.")
    rule_set = serializers.IntegerField(help_text="The version of the rules.")
    support = SupportShape()
    replacement = ReplacementShape()
    facts = serializers.DictField(help_text="What was known at that instant, as it was judged.")


def write_coverage(row: Row, void: WarrantyVoid | None = None) -> dict[str, Any]:
    component = row.component
    return {
        "component": str(component.pk),
        "customer": component.customer.code,
        "product": {"sku": component.product.sku, "name": component.product.name, "kind": component.product.kind},
        "serial": component.serial,
        "site": str(component.site_id),
        "covered": row.is_covered,
        "covered_by": covered_by(row.coverage),
        **_support(row.coverage),
        "until": row.until.isoformat() if row.until else None,
        "warranty_until": row.warranty_until.isoformat() if row.warranty_until else None,
        "warranty_void": _void(void, component.site.time_zone) if void else None,
    }


def _void(void: WarrantyVoid, zone: str) -> dict[str, Any]:
    assert void.confirmed_at is not None, "one that holds"
    return {
        "voided_at": stamp(void.confirmed_at),
        "ground": void.ground,
        "reason": void.reason,
        "appeal_until": appeal_ends(void.confirmed_at, zone).isoformat(),
        "appealed_at": stamp(void.appealed_at),
    }


def _support(coverage: Coverage) -> dict[str, Any]:
    return {
        "support": coverage.support.value,
        "rule": coverage.rule,
        "agreement": coverage.agreement,
        "until": coverage.until.isoformat() if coverage.until else None,
        "reasons": list(coverage.reasons),
        "would_change": list(coverage.would_change),
    }


def write_entitlement(
    component: Component, facts: Facts, at: datetime, coverage: Coverage, decision: Decision
) -> dict[str, Any]:
    reported_at = facts.reported_at or at
    return {
        "component": str(component.pk),
        "at": stamp(at),
        "reported_at": stamp(reported_at),
        "rule_set": decision.rule_set,
        "support": {"covered": coverage.is_covered, **_support(coverage)},
        "replacement": {
            "outcome": decision.outcome.value,
            "rule": decision.rule,
            "charge": decision.charge.value,
            "promises_date": decision.promises_date,
            "flags": list(decision.flags),
            "reasons": list(decision.reasons),
            "would_change": list(decision.would_change),
        },
        "facts": facts.as_json(),
    }
