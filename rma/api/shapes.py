"""Returns, supplier records, units and carriers' reports as programs read and write them."""

from typing import Any

from rest_framework import serializers

from contracts.api.shapes import ProductShape
from rma import actions
from rma.carrier.taking import STATUSES
from rma.services.carrying import CODES
from rma.states import (
    Condition,
    Diagnosis,
    Inspection,
    Media,
    RmaKind,
    RmaState,
    ShipmentKind,
    ShipmentState,
    SupplierState,
    UnitState,
)
from rma.states import Ending as Endings
from rma.states import Missing as WhatIsMissing
from rma.supplier import actions as supplier_actions

TURNS = ("rozoom", "customer", "supplier", "carrier")
OUTCOMES = ("ADVANCE", "FACTORY", "SOFTWARE", "HOLD", "MERGE", "REJECT")
CHARGES = ("NONE", "QUOTE")
SETTLED_WITH = tuple(value for value, _ in supplier_actions.SETTLED_WITH)
UNIT_ACTIONS = ("pass_test", "retire", "place")
AMOUNT: dict[str, Any] = {"max_digits": 14, "decimal_places": 4}


def words(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), help_text=help_text)


class EntitledShape(serializers.Serializer):
    """What the rules gave, or a manager decided otherwise."""

    outcome = serializers.ChoiceField(choices=OUTCOMES)
    rule = serializers.CharField(help_text="R0 to R10, the first that matched.")
    charge = serializers.ChoiceField(choices=CHARGES, help_text="QUOTE: a repair is quoted first.")
    reasons = words("Why, for people.")
    would_change = words("What would change it.")
    flags = words("What a coordinator looks at.")
    override = serializers.CharField(allow_null=True, help_text="Why a manager decided otherwise.")
    decided_at = serializers.DateTimeField()


class ShipPromiseShape(serializers.Serializer):
    """Frozen at approval, in the words it was made with."""

    approved_at = serializers.DateTimeField()
    ship_day = serializers.DateField(allow_null=True)
    ship_by = serializers.DateField(allow_null=True, help_text="Promised: it leaves by the end of this day.")
    deliver_target = serializers.DateField(allow_null=True)
    reason = serializers.CharField()
    shipped_on = serializers.DateField(
        allow_null=True, help_text="The carrier's first scan, as a day at the warehouse."
    )
    met = serializers.BooleanField(allow_null=True)
    expected_on = serializers.DateField(allow_null=True, help_text="Of a unit that is not in stock.")


class MissingThingShape(serializers.Serializer):
    code = serializers.ChoiceField(choices=WhatIsMissing.choices)
    words = serializers.CharField()


class BoxShape(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ShipmentKind.choices)
    state = serializers.ChoiceField(choices=ShipmentState.choices)
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    serials = words("What lies in it.")
    to = serializers.CharField()
    expires_on = serializers.DateField(allow_null=True, help_text="A return label is void after it.")
    shipped_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)


class RepairQuoteShape(serializers.Serializer):
    amount = serializers.DecimalField(**AMOUNT)
    evaluation_fee = serializers.DecimalField(**AMOUNT)
    currency = serializers.CharField()
    reason = serializers.CharField()
    valid_until = serializers.DateField()
    accepted = serializers.BooleanField(allow_null=True, help_text="Null while it waits for an answer.")


class ReturnShape(serializers.Serializer):
    reference = serializers.CharField(help_text="ACME-R7: what stands on labels.")
    kind = serializers.ChoiceField(choices=RmaKind.choices)
    state = serializers.ChoiceField(choices=RmaState.choices, help_text="By its dates, as of this reading.")
    turn = serializers.ChoiceField(choices=TURNS, allow_null=True, help_text="Who has to act; null when it has ended.")
    next_step = serializers.CharField()
    customer = serializers.CharField(help_text="The customer's code.")
    ticket = serializers.CharField(help_text="The reference of its ticket.")
    component = serializers.UUIDField(allow_null=True, help_text="What failed.")
    serial = serializers.CharField()
    product = ProductShape(allow_null=True, help_text="Null while the serial is not registered.")
    replacement = serializers.UUIDField(allow_null=True, help_text="The component that came for it.")
    severity = serializers.IntegerField(min_value=1, max_value=3)
    symptom = serializers.CharField()
    requested_at = serializers.DateTimeField()
    requested_by = serializers.CharField()
    ship_to = serializers.UUIDField(allow_null=True, help_text="The site.")
    contact_name = serializers.CharField()
    contact_phone = serializers.CharField()
    media = serializers.ChoiceField(choices=Media.choices, allow_null=True)
    terms_accepted = serializers.BooleanField()
    failure_confirmed = serializers.BooleanField()
    entitled_to = EntitledShape()
    missing = MissingThingShape(many=True)
    hold_reason = serializers.CharField()
    promise = ShipPromiseShape(allow_null=True, help_text="Null before it is approved.")
    unit = serializers.CharField(allow_null=True, help_text="The reserved serial. roZoom only.")
    delivered_on = serializers.DateField(allow_null=True)
    return_due = serializers.DateField(allow_null=True)
    return_sent_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    received_serial = serializers.CharField()
    inspection = serializers.ChoiceField(choices=Inspection.choices, allow_null=True)
    valid_until = serializers.DateField(allow_null=True, help_text="A part for the factory is sent by then.")
    diagnosis = serializers.ChoiceField(choices=Diagnosis.choices, allow_null=True)
    diagnosis_note = serializers.CharField()
    repair_report = serializers.CharField()
    exchange_serial = serializers.CharField(help_text="What goes back instead.")
    quotes = RepairQuoteShape(many=True)
    shipments = BoxShape(many=True)
    previous = serializers.CharField(allow_null=True, help_text="The return it goes on from.")
    ended_at = serializers.DateTimeField(allow_null=True)
    ending = serializers.ChoiceField(choices=Endings.choices, allow_null=True)
    ending_reason = serializers.CharField()
    allowed_actions = serializers.ListField(
        child=serializers.ChoiceField(choices=actions.NAMES), help_text="What this token may do with it now."
    )
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    url = serializers.URLField(help_text="Where people of your organisation read it.")


class PreviewShape(serializers.Serializer):
    """What can be had, before anything is asked for."""

    entitled_to = EntitledShape()
    component = serializers.UUIDField(allow_null=True)
    open_return = serializers.CharField(allow_null=True, help_text="It goes on in this one.")


class DecisionShape(serializers.Serializer):
    at = serializers.DateTimeField()
    reported_at = serializers.DateTimeField(allow_null=True, help_text="Cover is judged at this instant.")
    rule_set = serializers.IntegerField()
    rule = serializers.CharField()
    rule_outcome = serializers.ChoiceField(choices=OUTCOMES)
    outcome = serializers.ChoiceField(choices=OUTCOMES, help_text="What holds.")
    reasons = words("Why, for people.")
    would_change = words("What would change it.")
    override = serializers.CharField(allow_null=True)
    decided_by = serializers.CharField()
    facts = serializers.DictField(help_text="What was known, as it was judged.")


class PossibleActionShape(serializers.Serializer):
    action = serializers.ChoiceField(choices=actions.NAMES)
    label = serializers.CharField()  # type: ignore[assignment]
    allowed = serializers.BooleanField()
    why = serializers.CharField(help_text="When it becomes possible; empty where it is.")
    needs = words("Fields of the body that it needs.")
    takes = words("Fields that it takes besides.")


class ExplanationShape(serializers.Serializer):
    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=RmaState.choices)
    next_step = serializers.CharField()
    decisions = DecisionShape(many=True, help_text="Oldest first; the last one holds.")
    actions = PossibleActionShape(many=True)


class SupplierReturnShape(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField(help_text="roZoom's number for it.")
    supplier = serializers.CharField(help_text="The supplier's code.")
    supplier_number = serializers.CharField(help_text="The supplier's own number; empty before it is acknowledged.")
    state = serializers.ChoiceField(choices=SupplierState.choices)
    return_kind = serializers.ChoiceField(choices=RmaKind.choices, allow_null=True)
    return_state = serializers.ChoiceField(choices=RmaState.choices, allow_null=True, help_text="Of a part in repair.")
    next_step = serializers.CharField()
    sku = serializers.CharField()
    product = serializers.CharField()
    serial = serializers.CharField()
    symptom = serializers.CharField()
    ticket = serializers.CharField(help_text="roZoom's ticket.")
    submitted_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    settled_with = serializers.ChoiceField(choices=SETTLED_WITH, allow_null=True)
    credit_amount = serializers.DecimalField(allow_null=True, **AMOUNT)
    credit_currency = serializers.CharField()
    credit_note = serializers.CharField()
    report = serializers.CharField()
    refused_at = serializers.DateTimeField(allow_null=True)
    refused_reason = serializers.CharField()
    shipments = BoxShape(many=True)
    allowed_actions = serializers.ListField(child=serializers.ChoiceField(choices=supplier_actions.NAMES))
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class PoolUnitShape(serializers.Serializer):
    id = serializers.UUIDField()
    pool = serializers.CharField(help_text="The pool's code.")
    product = ProductShape()
    serial = serializers.CharField(help_text="Empty while it is on order.")
    state = serializers.ChoiceField(choices=UnitState.choices)
    condition = serializers.ChoiceField(choices=Condition.choices)
    revision = serializers.CharField()
    firmware = serializers.CharField()
    place = serializers.CharField()
    reserved_for = serializers.CharField(allow_null=True, help_text="The reference of the return.")
    allowed_actions = serializers.ListField(child=serializers.ChoiceField(choices=UNIT_ACTIONS))
    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField()


class ShipByMonthShape(serializers.Serializer):
    """Promises of a date, also of units that another one followed. `in_time`, `late` and `running` are apart."""

    month = serializers.CharField(help_text="2026-11, of the approval.")
    approved = serializers.IntegerField()
    without_date = serializers.IntegerField(help_text="To countries for which no date is promised.")
    in_time = serializers.IntegerField(help_text="Left by the promised day, by the carrier's first scan.")
    late = serializers.IntegerField(help_text="With those that should have left by now.")
    running = serializers.IntegerField(help_text="Their day has not passed.")
    arrived_in_time = serializers.IntegerField()
    arrived_late = serializers.IntegerField()
    in_time_percent = serializers.IntegerField(
        allow_null=True, help_text="Whole percent; null when there are fewer than 20 to judge by."
    )


class ShipByShape(serializers.Serializer):
    """How often replacements left when it was promised."""

    time_zone = serializers.CharField(help_text="Whose months these are.")
    as_of = serializers.DateTimeField()
    months = ShipByMonthShape(many=True)


class CarrierEventShape(serializers.Serializer):
    """What became of one report."""

    tracking_number = serializers.CharField()
    code = serializers.ChoiceField(choices=CODES)
    at = serializers.DateTimeField()
    status = serializers.ChoiceField(
        choices=STATUSES, help_text="KNOWN: reported before. LATE: kept, and it changes nothing. REFUSED: not kept."
    )
    detail = serializers.CharField(help_text="For people.")
    refused_code = serializers.CharField(allow_null=True, help_text="As codes of refusals.")
    param = serializers.CharField(allow_null=True)
    return_reference = serializers.CharField(allow_null=True)
    shipment_state = serializers.ChoiceField(choices=ShipmentState.choices, allow_null=True)


class CarrierAnswerShape(serializers.Serializer):
    results = CarrierEventShape(many=True, help_text="In the order of the request.")
