"""What the description and the documentation show of returns. tests/rma/test_api_documentation.py holds them to real answers."""

from typing import Any

from tickets.api.examples import answer, page_body, request_body

PRODUCT = {"sku": "DC-7", "name": "Drive controller DC-7", "kind": "HARDWARE"}
COMPONENT = "019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11"
SITE = "019a7c3e-4b10-7b52-8d41-7e90e1f3a5c2"
ENTITLED_BODY: dict[str, Any] = {
    "outcome": "ADVANCE",
    "rule": "R10",
    "charge": "NONE",
    "reasons": ["In warranty, listed by AG-ACME-1, and its fee is paid."],
    "would_change": [],
    "flags": [],
    "override": None,
    "decided_at": "2026-11-24T09:41:07.512300Z",
}
BOX_BODY: dict[str, Any] = {
    "id": "019a7c52-0b7d-7a90-9a51-30b1c2d3e4f5",
    "kind": "REPLACEMENT_OUT",
    "state": "IN_TRANSIT",
    "carrier": "UPS",
    "tracking_number": "1Z999AA10123456784",
    "serials": ["7F-2231"],
    "to": "Acme Lifts, Plant 2",
    "expires_on": None,
    "shipped_at": "2026-11-24T20:05:00Z",
    "delivered_at": None,
}
RETURN_BODY: dict[str, Any] = {
    "reference": "ACME-R7",
    "kind": "ADVANCE",
    "state": "SHIPPED",
    "turn": "carrier",
    "next_step": "Next: the carrier delivers it.",
    "customer": "ACME",
    "ticket": "ACME-42",
    "component": COMPONENT,
    "serial": "7F-1984",
    "product": PRODUCT,
    "replacement": None,
    "severity": 2,
    "symptom": "No light, and no fan either.",
    "requested_at": "2026-11-24T09:41:07.512300Z",
    "requested_by": "Ilse Peeters",
    "ship_to": SITE,
    "contact_name": "Ilse Peeters",
    "contact_phone": "+32 9 000 00 00",
    "media": None,
    "terms_accepted": True,
    "failure_confirmed": True,
    "entitled_to": ENTITLED_BODY,
    "missing": [],
    "hold_reason": "",
    "promise": {
        "approved_at": "2026-11-24T16:20:00Z",
        "ship_day": "2026-11-24",
        "ship_by": "2026-11-25",
        "deliver_target": "2026-11-25",
        "reason": "Approved 10:20 in Chicago, before the 15:00 cut-off, leaves today.",
        "shipped_on": "2026-11-24",
        "met": True,
        "expected_on": None,
    },
    "unit": None,
    "delivered_on": None,
    "return_due": None,
    "return_sent_at": None,
    "received_at": None,
    "received_serial": "",
    "inspection": None,
    "valid_until": None,
    "diagnosis": None,
    "diagnosis_note": "",
    "repair_report": "",
    "exchange_serial": "",
    "quotes": [],
    "shipments": [BOX_BODY],
    "previous": None,
    "ended_at": None,
    "ending": None,
    "ending_reason": "",
    "allowed_actions": ["deliver"],
    "updated_at": "2026-11-24T20:05:00Z",
    "version": 5,
    "url": "https://support.example.com/returns/ACME-R7/",
}
EXPLANATION_BODY: dict[str, Any] = {
    "reference": "ACME-R7",
    "state": "SHIPPED",
    "next_step": "Next: the carrier delivers it.",
    "decisions": [
        {
            "at": "2026-11-24T09:41:07.512300Z",
            "reported_at": "2026-11-24T09:30:00Z",
            "rule_set": 1,
            "rule": "R10",
            "rule_outcome": "ADVANCE",
            "outcome": "ADVANCE",
            "reasons": ENTITLED_BODY["reasons"],
            "would_change": [],
            "override": None,
            "decided_by": "Ilse Peeters",
            "facts": {"zone": "Europe/Brussels"},
        }
    ],
    "actions": [
        {"action": "deliver", "label": "It arrived", "allowed": True, "why": "", "needs": [], "takes": []},
        {
            "action": "cancel",
            "label": "Cancel",
            "allowed": False,
            "why": "ACME-R7 is in the state “Replacement sent”. “Cancel” is possible when it is “Approved” or “Requested”. "
            "Next: the carrier delivers it.",
            "needs": ["reason"],
            "takes": [],
        },
    ],
}
RECORD_BODY: dict[str, Any] = {
    "id": "019a7c60-1f00-7c33-8a10-000000000001",
    "number": "ACME-R7-1",
    "supplier": "FORGE",
    "supplier_number": "F-90017",
    "state": "ACKNOWLEDGED",
    "return_kind": "ADVANCE",
    "return_state": "SHIPPED",
    "next_step": "Next: roZoom sends the failed part.",
    "sku": "DC-7",
    "product": "Drive controller DC-7",
    "serial": "7F-1984",
    "symptom": "No light, and no fan either.",
    "ticket": "ACME-42",
    "submitted_at": "2026-11-24T16:20:00Z",
    "acknowledged_at": "2026-11-24T17:00:00Z",
    "sent_at": None,
    "received_at": None,
    "settled_at": None,
    "settled_with": None,
    "credit_amount": None,
    "credit_currency": "",
    "credit_note": "",
    "report": "",
    "refused_at": None,
    "refused_reason": "",
    "shipments": [],
    "allowed_actions": ["refuse"],
    "updated_at": "2026-11-24T17:00:00Z",
    "version": 2,
}
UNIT_BODY: dict[str, Any] = {
    "id": "019a7c61-2222-7d44-9b20-000000000002",
    "pool": "CHI",
    "product": PRODUCT,
    "serial": "7F-2231",
    "state": "AVAILABLE",
    "condition": "NEW",
    "revision": "C",
    "firmware": "4.1.7",
    "place": "B-12",
    "reserved_for": None,
    "allowed_actions": ["retire", "place"],
    "changed_at": "2026-11-20T08:00:00Z",
    "changed_by": "Warehouse scanner",
}
EVENT = {
    "carrier": "UPS",
    "tracking_number": "1Z999AA10123456784",
    "code": "DELIVERED",
    "at": "2026-11-25T09:12:00+01:00",
    "place": "Ghent",
    "text": "Signed: Peeters",
    "event_id": "e-2",
}
TAKEN_BODY: dict[str, Any] = {
    "results": [
        {
            "tracking_number": "1Z999AA10123456784",
            "code": "DELIVERED",
            "at": "2026-11-25T08:12:00Z",
            "status": "TAKEN",
            "detail": "The box is delivered.",
            "refused_code": None,
            "param": None,
            "return_reference": "ACME-R7",
            "shipment_state": "DELIVERED",
        }
    ]
}
PREVIEW_BODY = {"entitled_to": ENTITLED_BODY, "component": COMPONENT, "open_return": None}

RETURN = answer("A return", RETURN_BODY)
RETURN_PAGE = answer("A page", page_body(RETURN_BODY))
PREVIEW = answer("A replacement in advance", PREVIEW_BODY)
EXPLANATION = answer("A return on its way", EXPLANATION_BODY)
RECORD = answer("A record", RECORD_BODY)
RECORD_PAGE = answer("A page", page_body(RECORD_BODY))
UNIT = answer("A unit", UNIT_BODY)
UNIT_PAGE = answer("A page", page_body(UNIT_BODY))
TAKEN = answer("One report", TAKEN_BODY)
ASK = [
    request_body("A request", {"ticket": "ACME-42", "accepts_terms": True, "symptom": "No light, and no fan either."})
]
DO = [
    request_body("Approve", {"action": "approve", "failure_is_confirmed": True, "supplier": "FORGE"}),
    request_body(
        "Ship",
        {
            "action": "ship",
            "scanned_serial": "7F-2231",
            "carrier": "UPS",
            "tracking_number": "1Z999AA10123456784",
            "return_tracking_number": "1Z999AA10123456793",
        },
    ),
    request_body("Cancel", {"action": "cancel", "reason": "We found a spare."}),
    request_body(
        "Inspect", {"action": "inspect", "result": "DAMAGED", "text": "Water in the case.", "charge": "120.00"}
    ),
]
WORK = [
    request_body("Acknowledge", {"action": "acknowledge", "supplier_number": "F-90017"}),
    request_body("Settle", {"action": "settle", "settled_with": "EXCHANGE", "exchange_serial": "7F-3001"}),
]
RECEIVE_UNIT = [request_body("A unit", {"pool": "CHI", "product": "DC-7", "serial": "7F-2231", "place": "B-12"})]
TEST_UNIT = [request_body("The test passed", {"action": "pass_test", "firmware": "4.1.7", "place": "B-12"})]
EVENTS = [request_body("Proof of delivery", {"events": [EVENT]})]

SHIP_BY = answer(
    "A month",
    {
        "time_zone": "Europe/Berlin",
        "as_of": "2026-11-24T09:41:07.512300Z",
        "months": [
            {
                "month": "2026-11",
                "approved": 31,
                "without_date": 2,
                "in_time": 25,
                "late": 1,
                "running": 3,
                "arrived_in_time": 20,
                "arrived_late": 2,
                "in_time_percent": 96,
            }
        ],
    },
    "200",
)
