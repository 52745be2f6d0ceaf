"""Bodies of returns. What a deed asks for stands in rma/actions; here it gets the shape of JSON."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from rest_framework import serializers

from rma import actions
from rma.actions import Field
from rma.actions import fields as kinds
from rma.api.shapes import PoolUnitShape, ReturnShape, SupplierReturnShape
from rma.services.carrying import CODES
from rma.states import Condition, Media, RmaKind
from rma.supplier import actions as supplier_actions
from tenancy.api.fields import Choice, Id, Text
from tenancy.api.inputs import StrictSerializer
from tickets.api.severity_shapes import YesOrNo

MOST_EVENTS = 100
COMMON = {"required": "is missing.", "null": "must not be null."}


class Amount(serializers.CharField):
    """Money as text, "120.00": a JSON number would be a float."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        **COMMON,
        "invalid": 'must be an amount as text, such as "120.00".',
    }

    def to_internal_value(self, data: Any) -> Decimal:  # type: ignore[override]
        if not isinstance(data, str) or len(data) > 20:
            self.fail("invalid")
        try:
            amount = Decimal(data)
        except ArithmeticError:
            self.fail("invalid")
        if not amount.is_finite() or amount < 0 or -int(amount.as_tuple().exponent) > 4 or amount >= 10**10:
            self.fail("invalid")
        return amount


class Day(serializers.DateField):
    default_error_messages: ClassVar[dict[str, Any]] = {**COMMON, "invalid": "must be a day such as 2026-11-30."}

    def to_internal_value(self, data: Any) -> date:
        try:
            return date.fromisoformat(data) if isinstance(data, str) and len(data) == 10 else self.fail("invalid")
        except ValueError:
            self.fail("invalid")


class Choices(serializers.ListField):
    default_error_messages: ClassVar[dict[str, Any]] = {
        **COMMON,
        "not_a_list": "must be a list.",
        "empty": "must not be empty.",
        "max_length": "has too many entries.",
    }


def serializer_of(field: Field) -> serializers.Field:
    """A deed's field as one of a body. Which deed needs it is judged with the deed."""
    more: dict[str, Any] = {"required": False, "help_text": field.label}
    if field.kind in (kinds.LINE, kinds.SERIAL):
        return Text(max_length=field.longest, one_line=True, allow_blank=True, **more)
    if field.kind == kinds.TEXT:
        return Text(max_length=field.longest, allow_blank=True, **more)
    if field.kind == kinds.FLAG:
        return YesOrNo(**more)
    if field.kind == kinds.CHOICE:
        return Choice(list(field.choices), **more)
    if field.kind == kinds.CHOICES:
        return Choices(child=Choice(list(field.choices)), allow_empty=False, max_length=len(field.choices), **more)
    if field.kind == kinds.MONEY:
        return Amount(**more)
    if field.kind == kinds.DAY:
        return Day(**more)
    if field.kind in (kinds.SUPPLIER, kinds.POOL):
        return Text(max_length=12, one_line=True, required=False, help_text=f"{field.label}: its code.")
    return Id(**{**more, "help_text": f"{field.label}: its id."})


class ReturnActionBody(StrictSerializer):
    """One deed, with what that deed needs: `explain` says what."""

    read_only_names = frozenset(ReturnShape().fields) - actions.FIELDS.keys()

    def get_fields(self) -> dict[str, serializers.Field]:
        fields: dict[str, serializers.Field] = {"action": Choice(list(actions.NAMES))}
        return fields | {name: serializer_of(field) for name, field in actions.FIELDS.items()}


class SupplierReturnActionBody(StrictSerializer):
    read_only_names = frozenset(SupplierReturnShape().fields) - supplier_actions.FIELDS.keys()

    def get_fields(self) -> dict[str, serializers.Field]:
        fields: dict[str, serializers.Field] = {"action": Choice(list(supplier_actions.NAMES))}
        return fields | {name: serializer_of(field) for name, field in supplier_actions.FIELDS.items()}


class ReturnBody(StrictSerializer):
    """Ask for a return of what failed on a ticket."""

    read_only_names = frozenset(ReturnShape().fields)

    ticket = Text(max_length=24, one_line=True, help_text="The reference of the ticket the failure was reported on.")
    component = Id(required=False, help_text="What failed; the ticket's component when left out.")
    serial = Text(
        max_length=80,
        one_line=True,
        required=False,
        help_text="What stands on the label, where the component is not known.",
    )
    kind = Choice(RmaKind.choices, required=False, help_text="FACTORY: a repair, though a part could come first.")
    ship_to = Id(required=False, help_text="The site where the failed part stands.")
    contact_name = Text(max_length=120, one_line=True, required=False, allow_blank=True)
    contact_phone = Text(max_length=40, one_line=True, required=False, allow_blank=True)
    symptom = Text(max_length=400, required=False, allow_blank=True, help_text="The ticket's subject when left out.")
    media = Choice(Media.choices, required=False, help_text="What becomes of the data on the part.")
    accepts_terms = YesOrNo(required=False, help_text="The failed part is sent back within 10 business days.")
    agreement_from = Text(
        max_length=120,
        one_line=True,
        required=False,
        allow_blank=True,
        help_text="Who sold an agreement we do not know.",
    )


class PoolUnitBody(StrictSerializer):
    """A unit scanned at the door; it is in test from now on."""

    read_only_names = frozenset(PoolUnitShape().fields)

    pool = Text(max_length=12, one_line=True, help_text="The pool's code.")
    product = Text(max_length=40, one_line=True, help_text="The product's SKU.")
    serial = Text(max_length=80, one_line=True)
    condition = Choice([("NEW", "New"), ("REFURBISHED", "Refurbished")], default=str(Condition.NEW))
    revision = Text(max_length=40, one_line=True, required=False, allow_blank=True)
    firmware = Text(max_length=40, one_line=True, required=False, allow_blank=True)
    place = Text(max_length=60, one_line=True, required=False, allow_blank=True)


class PoolUnitActionBody(StrictSerializer):
    read_only_names = frozenset(PoolUnitShape().fields) - {"firmware", "revision", "place"}

    action = Choice(["pass_test", "retire", "place"])
    firmware = Text(max_length=40, one_line=True, required=False, allow_blank=True, help_text="With pass_test.")
    revision = Text(max_length=40, one_line=True, required=False, allow_blank=True, help_text="With pass_test.")
    place = Text(max_length=60, one_line=True, required=False, allow_blank=True, help_text="With pass_test and place.")
    reason = Text(max_length=400, required=False, help_text="With retire.")


class CarrierEventBody(StrictSerializer):
    carrier = Text(max_length=40, one_line=True)
    tracking_number = Text(max_length=60, one_line=True)
    code = Choice(list(CODES))
    at = Text(max_length=40, one_line=True, help_text="An instant with its zone, such as 2026-11-23T14:05:00+01:00.")
    place = Text(max_length=120, one_line=True, required=False, allow_blank=True)
    text = Text(max_length=300, one_line=True, required=False, allow_blank=True)
    event_id = Text(max_length=120, one_line=True, required=False, allow_blank=True, help_text="The carrier's own.")


class CarrierEventsBody(StrictSerializer):
    events = serializers.ListField(
        child=CarrierEventBody(),
        allow_empty=False,
        max_length=MOST_EVENTS,
        help_text=f"1 to {MOST_EVENTS}, in the order in which they happened.",
        error_messages={
            **COMMON,
            "not_a_list": "must be a list.",
            "empty": "must not be empty.",
            "max_length": f"must have at most {MOST_EVENTS} entries.",
        },
    )
