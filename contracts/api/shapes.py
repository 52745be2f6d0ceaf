"""What components and sites look like to programs."""

from typing import Any

from rest_framework import serializers

from contracts.models import Component, Product

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
