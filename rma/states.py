"""The names of every state and kind of returns, units, shipments and supplier records. Moves stand in rma/lifecycle.py."""

from django.db import models


class RmaKind(models.TextChoices):
    ADVANCE = "ADVANCE", "Advance replacement"
    FACTORY = "FACTORY", "Return to factory"


class RmaState(models.TextChoices):
    """Of both kinds; which kind uses which stands in its table of moves."""

    REQUESTED = "REQUESTED", "Requested"
    ON_HOLD = "ON_HOLD", "On hold"
    APPROVED = "APPROVED", "Approved"
    BACKORDERED = "BACKORDERED", "Waiting for a unit"
    ALLOCATED = "ALLOCATED", "Unit reserved"
    SHIPPED = "SHIPPED", "Replacement sent"
    DELIVERED = "DELIVERED", "Replacement delivered"
    RETURN_OVERDUE = "RETURN_OVERDUE", "Return overdue"
    NON_RETURN_INVOICED = "NON_RETURN_INVOICED", "Charged for"
    RETURN_IN_TRANSIT = "RETURN_IN_TRANSIT", "Failed part on its way back"
    RETURN_RECEIVED = "RETURN_RECEIVED", "Failed part received"
    RETURN_MISMATCH = "RETURN_MISMATCH", "Another part came back"
    QUOTED = "QUOTED", "Repair quoted"
    AWAITING_INBOUND = "AWAITING_INBOUND", "Waiting for the part"
    EXPIRED = "EXPIRED", "Not sent in time"
    INBOUND_IN_TRANSIT = "INBOUND_IN_TRANSIT", "Part on its way to the factory"
    RECEIVED = "RECEIVED", "Received at the factory"
    MISMATCH = "MISMATCH", "Another part arrived"
    DIAGNOSED = "DIAGNOSED", "Diagnosed"
    COST_HOLD = "COST_HOLD", "Waiting for your answer on costs"
    REPAIRING = "REPAIRING", "In repair"
    READY_TO_SHIP = "READY_TO_SHIP", "Ready to ship back"
    SHIPPED_BACK = "SHIPPED_BACK", "On its way back"
    UPGRADED = "UPGRADED", "Became an advance replacement"
    REJECTED = "REJECTED", "Rejected"
    CONVERTED = "CONVERTED", "Became a factory return"
    CANCELLED = "CANCELLED", "Cancelled"
    CLOSED = "CLOSED", "Closed"


# The steps of the board: each open state stands in one. Owed returns stand in `back` until their day is over.
STEP_STATES: dict[str, tuple[RmaState, ...]] = {
    "approve": (RmaState.REQUESTED,),
    "hold": (RmaState.ON_HOLD, RmaState.QUOTED, RmaState.COST_HOLD),
    "ship": (RmaState.APPROVED, RmaState.BACKORDERED, RmaState.ALLOCATED),
    "transit": (RmaState.SHIPPED, RmaState.RETURN_IN_TRANSIT, RmaState.INBOUND_IN_TRANSIT, RmaState.SHIPPED_BACK),
    "back": (RmaState.DELIVERED, RmaState.AWAITING_INBOUND),
    "overdue": (RmaState.RETURN_OVERDUE, RmaState.NON_RETURN_INVOICED, RmaState.EXPIRED),
    "test": (RmaState.RETURN_RECEIVED, RmaState.RETURN_MISMATCH),
    "factory": (
        RmaState.RECEIVED,
        RmaState.MISMATCH,
        RmaState.DIAGNOSED,
        RmaState.REPAIRING,
        RmaState.READY_TO_SHIP,
    ),
}

ENDED = (RmaState.REJECTED, RmaState.CONVERTED, RmaState.UPGRADED, RmaState.CANCELLED, RmaState.CLOSED)


class UnitState(models.TextChoices):
    ON_ORDER = "ON_ORDER", "On order"
    QUARANTINE = "QUARANTINE", "In test"
    AVAILABLE = "AVAILABLE", "Available"
    RESERVED = "RESERVED", "Reserved"
    OUT_IN_TRANSIT = "OUT_IN_TRANSIT", "On its way to a customer"
    WITH_CUSTOMER = "WITH_CUSTOMER", "With a customer"
    DEFECTIVE_IN_TRANSIT = "DEFECTIVE_IN_TRANSIT", "Failed, on its way back"
    DEFECTIVE = "DEFECTIVE", "Failed, on the shelf"
    AT_SUPPLIER = "AT_SUPPLIER", "At the supplier"
    SCRAPPED = "SCRAPPED", "Scrapped"
    LOST = "LOST", "Lost"
    RETIRED = "RETIRED", "Retired"


class Condition(models.TextChoices):
    NEW = "NEW", "New"
    REFURBISHED = "REFURBISHED", "Refurbished"
    DEFECTIVE = "DEFECTIVE", "Failed"


class ShipmentKind(models.TextChoices):
    REPLACEMENT_OUT = "REPLACEMENT_OUT", "Replacement to the customer"
    DEFECTIVE_RETURN = "DEFECTIVE_RETURN", "Failed part back to roZoom"
    FACTORY_IN = "FACTORY_IN", "Part to the factory"
    FACTORY_OUT = "FACTORY_OUT", "Part back to the customer"
    SUPPLIER_OUT = "SUPPLIER_OUT", "Failed part to the supplier"
    SUPPLIER_IN = "SUPPLIER_IN", "Unit from the supplier"


# The legs a customer and its reseller may see; the others are between roZoom and a supplier.
CUSTOMER_LEGS = [
    ShipmentKind.REPLACEMENT_OUT,
    ShipmentKind.DEFECTIVE_RETURN,
    ShipmentKind.FACTORY_IN,
    ShipmentKind.FACTORY_OUT,
]


class ShipmentState(models.TextChoices):
    DRAFT = "DRAFT", "Prepared"
    LABEL_CREATED = "LABEL_CREATED", "Label made"
    IN_TRANSIT = "IN_TRANSIT", "On its way"
    EXCEPTION = "EXCEPTION", "Held up"
    DELIVERED = "DELIVERED", "Delivered"
    RETURNED_TO_SENDER = "RETURNED_TO_SENDER", "Returned to sender"
    LOST = "LOST", "Lost"
    CANCELLED = "CANCELLED", "Cancelled"


class SupplierState(models.TextChoices):
    DRAFT = "DRAFT", "Draft"
    SUBMITTED = "SUBMITTED", "Sent to the supplier"
    ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
    DEFECTIVE_SENT = "DEFECTIVE_SENT", "Failed part sent"
    SETTLED = "SETTLED", "Settled"
    REFUSED = "REFUSED", "Refused"
    CANCELLED = "CANCELLED", "Cancelled"


class Media(models.TextChoices):
    """What becomes of the data on a failed part that keeps some."""

    WIPED = "WIPED", "Wiped before it is sent"
    RETAINED = "RETAINED", "Stays with the customer"
    NONE = "NONE", "Holds no data"


class Missing(models.TextChoices):
    """What a return on hold waits for."""

    SERIAL = "SERIAL", "The serial is registered with proof of purchase"
    SHIP_TO = "SHIP_TO", "A second contact confirms the place"
    AGREEMENT = "AGREEMENT", "The reseller confirms its agreement"
    DIAGNOSIS = "DIAGNOSIS", "The failure is confirmed on the ticket"
    TERMS = "TERMS", "The return terms are accepted"
    MEDIA = "MEDIA", "What becomes of the data on the part"
    RELEASE = "RELEASE", "roZoom releases it, because another part is overdue"
    RECHECK = "RECHECK", "What was checked before shipping holds again"


class Inspection(models.TextChoices):
    """What the failed part of an advance replacement turned out to be."""

    CONFIRMED = "CONFIRMED", "Failure confirmed"
    NO_FAULT_FOUND = "NO_FAULT_FOUND", "No fault found"
    DAMAGED = "DAMAGED", "Damaged"


class Diagnosis(models.TextChoices):
    """What the factory found."""

    REPAIRABLE = "REPAIRABLE", "Can be repaired"
    BEYOND_REPAIR = "BEYOND_REPAIR", "Beyond repair"
    NO_FAULT_FOUND = "NO_FAULT_FOUND", "No fault found"
    ABUSE = "ABUSE", "Damaged by misuse"


class Ending(models.TextChoices):
    """Why a return is closed."""

    RETURNED = "RETURNED", "The failed part came back"
    PAID = "PAID", "The part was kept and paid for"
    WRITTEN_OFF = "WRITTEN_OFF", "The part was kept and the invoice written off"
    WAIVED = "WAIVED", "The return was waived"
    LOST = "LOST", "The carrier lost it"
    REPAIRED = "REPAIRED", "Repaired and delivered"
    EXCHANGED = "EXCHANGED", "Exchanged and delivered"
    SENT_BACK = "SENT_BACK", "Sent back as it was"
    SCRAPPED = "SCRAPPED", "Scrapped by agreement"
