"""Every move of pool units, shipments and supplier records (docs/rma.md)."""

from rma.machines import Machine, Move
from rma.states import ShipmentState, SupplierState, UnitState

U, H, R = UnitState, ShipmentState, SupplierState
POOL, SCRAP, SECOND = "pool:manage", "pool:scrap", "pool:write-off"
DO, WORK, CARRIER = "rma:manage", "supplier-rma:work", "carrier:report"

UNIT = Machine(
    initial=U.ON_ORDER,
    ends=frozenset({U.SCRAPPED, U.LOST, U.RETIRED}),
    moves=(
        Move("PU-1", "receive", (U.ON_ORDER,), U.QUARANTINE, POOL, "Receive"),
        Move("PU-2", "pass_test", (U.QUARANTINE,), U.AVAILABLE, POOL, "Test passed"),
        Move("PU-3", "fail_test", (U.QUARANTINE,), U.AT_SUPPLIER, POOL, "Test failed, to the supplier"),
        Move("PU-4", "reserve", (U.AVAILABLE,), U.RESERVED),
        Move("PU-5", "release", (U.RESERVED,), U.AVAILABLE),
        Move("PU-6", "ship", (U.RESERVED,), U.OUT_IN_TRANSIT),
        Move("PU-7", "deliver", (U.OUT_IN_TRANSIT,), U.WITH_CUSTOMER),
        Move("PU-8", "lose", (U.OUT_IN_TRANSIT,), U.LOST),
        Move("PU-9", "return_to_sender", (U.OUT_IN_TRANSIT,), U.QUARANTINE),
        Move("PU-10", "scan_return", (U.WITH_CUSTOMER,), U.DEFECTIVE_IN_TRANSIT),
        Move("PU-11", "retire", (U.WITH_CUSTOMER,), U.RETIRED),
        Move("PU-12", "take_back", (U.DEFECTIVE_IN_TRANSIT,), U.DEFECTIVE),
        Move("PU-13", "lose", (U.DEFECTIVE_IN_TRANSIT,), U.LOST),
        Move("PU-14", "send_to_supplier", (U.DEFECTIVE,), U.AT_SUPPLIER),
        Move("PU-15", "scrap", (U.DEFECTIVE,), U.SCRAPPED, SCRAP, "Scrap"),
        Move("PU-16", "come_back", (U.AT_SUPPLIER,), U.QUARANTINE),
        Move("PU-17", "scrap_at_supplier", (U.AT_SUPPLIER,), U.SCRAPPED),
        Move("PU-18", "retire", (U.AVAILABLE, U.QUARANTINE), U.RETIRED, POOL, "Take out of the pool"),
        Move("PU-20", "call_off", (U.ON_ORDER,), U.RETIRED, POOL, "Take back the order"),
        Move("PU-19", "write_off", (U.AVAILABLE, U.RESERVED, U.QUARANTINE), U.LOST, SECOND, "Confirm that it is lost"),
    ),
    steps={
        U.ON_ORDER: "it is received and scanned.",
        U.QUARANTINE: "it is tested.",
        U.AVAILABLE: "a return reserves it.",
        U.RESERVED: "the warehouse ships it.",
        U.OUT_IN_TRANSIT: "the carrier delivers it.",
        U.WITH_CUSTOMER: "it works there until it fails.",
        U.DEFECTIVE_IN_TRANSIT: "it arrives and is scanned.",
        U.DEFECTIVE: "it goes to the supplier, or is scrapped.",
        U.AT_SUPPLIER: "the supplier repairs, exchanges or credits it.",
    },
    turns={},
)

SHIPMENT = Machine(
    initial=H.DRAFT,
    ends=frozenset({H.DELIVERED, H.LOST, H.CANCELLED, H.RETURNED_TO_SENDER}),
    moves=(
        Move("SH-1", "make_label", (H.DRAFT,), H.LABEL_CREATED, DO, "Make the label"),
        Move("SH-2", "cancel", (H.DRAFT,), H.CANCELLED, DO, "Cancel"),
        Move("SH-3", "cancel", (H.LABEL_CREATED,), H.CANCELLED, DO, "Void the label"),
        Move("SH-4", "scan", (H.LABEL_CREATED,), H.IN_TRANSIT, CARRIER, "First scan"),
        Move("SH-5", "hold_up", (H.IN_TRANSIT,), H.EXCEPTION, CARRIER, "Held up"),
        Move("SH-6", "go_on", (H.EXCEPTION,), H.IN_TRANSIT, CARRIER, "Scanned again"),
        Move("SH-7", "deliver", (H.IN_TRANSIT, H.EXCEPTION), H.DELIVERED, CARRIER, "Delivered"),
        Move("SH-8", "return_to_sender", (H.IN_TRANSIT, H.EXCEPTION), H.RETURNED_TO_SENDER, CARRIER, "Returned"),
        Move("SH-9", "lose", (H.EXCEPTION,), H.LOST, DO, "Lost"),
    ),
    steps={
        H.DRAFT: "the label is made.",
        H.LABEL_CREATED: "the carrier scans it.",
        H.IN_TRANSIT: "the carrier delivers it.",
        H.EXCEPTION: "the carrier scans it again, or confirms that it is lost.",
    },
    turns={},
)

SUPPLIER = Machine(
    initial=R.DRAFT,
    ends=frozenset({R.SETTLED, R.CANCELLED, R.REFUSED}),
    moves=(
        Move("SR-1", "submit", (R.DRAFT,), R.SUBMITTED),
        Move("SR-2", "acknowledge", (R.SUBMITTED,), R.ACKNOWLEDGED, WORK, "Acknowledge"),
        Move("SR-3", "refuse", (R.SUBMITTED, R.ACKNOWLEDGED), R.REFUSED, WORK, "Refuse"),
        Move("SR-4", "cancel", (R.SUBMITTED, R.ACKNOWLEDGED), R.CANCELLED),
        Move("SR-5", "send", (R.ACKNOWLEDGED,), R.DEFECTIVE_SENT, DO, "The part is sent"),
        Move("SR-6", "settle", (R.DEFECTIVE_SENT,), R.SETTLED, WORK, "Repaired, exchanged or credited"),
        Move("SR-7", "refuse", (R.DEFECTIVE_SENT,), R.REFUSED, WORK, "No fault found, or misuse"),
    ),
    steps={
        R.DRAFT: "roZoom sends it to the supplier.",
        R.SUBMITTED: "the supplier acknowledges it with its number.",
        R.ACKNOWLEDGED: "roZoom sends the failed part.",
        R.DEFECTIVE_SENT: "the supplier repairs, exchanges or credits it.",
    },
    turns={R.DRAFT: "rozoom", R.SUBMITTED: "supplier", R.ACKNOWLEDGED: "rozoom", R.DEFECTIVE_SENT: "supplier"},
)
