"""What people and jobs can do with the install base, agreements and invoices."""

from contracts.services._ending import CannotEnd
from contracts.services.agreements import (
    VALID,
    CannotOrder,
    CannotQuote,
    UncoveredDays,
    draft_term,
    open_agreement,
    order,
    quote,
    warranty_warnings,
)
from contracts.services.attesting import CannotAttest, attest_payment
from contracts.services.billing import (
    CannotBill,
    clear_small_difference,
    record_payment,
    reverse_payment,
    small_difference,
)
from contracts.services.claiming import draft_claim, drop_claim, issue_claim
from contracts.services.crediting import (
    agree_write_off,
    ask_write_off,
    credit_in_full,
    drop_write_off,
    void_invoice,
)
from contracts.services.decisions import CannotDecide, Judgement, decide_otherwise, judge_support, keep_decision
from contracts.services.endings import cancel_term, remove_component, terminate_term, unused_fee
from contracts.services.install_base import CannotInstall, CannotMoveComponent, install_component, move_component
from contracts.services.quoting import (
    CannotAsk,
    Offer,
    Plan,
    ask_for_quote,
    change_quote,
    close_request,
    make_quote,
    plan,
    take_back,
    years_from,
)
from contracts.services.reinstating import CannotReinstate, Reinstatement, reinstate, reinstatement
from contracts.services.renewing import CannotRenew, Renewal, planned_renewal, send_renewal
from contracts.services.succeeding import extend_warranty, put_away, replace_component

__all__ = [
    "VALID",
    "CannotAsk",
    "CannotAttest",
    "CannotBill",
    "CannotDecide",
    "CannotEnd",
    "CannotInstall",
    "CannotMoveComponent",
    "CannotOrder",
    "CannotQuote",
    "CannotReinstate",
    "CannotRenew",
    "Judgement",
    "Offer",
    "Plan",
    "Reinstatement",
    "Renewal",
    "UncoveredDays",
    "agree_write_off",
    "ask_for_quote",
    "ask_write_off",
    "attest_payment",
    "cancel_term",
    "change_quote",
    "clear_small_difference",
    "close_request",
    "credit_in_full",
    "decide_otherwise",
    "draft_claim",
    "draft_term",
    "drop_claim",
    "drop_write_off",
    "extend_warranty",
    "install_component",
    "issue_claim",
    "judge_support",
    "keep_decision",
    "make_quote",
    "move_component",
    "open_agreement",
    "order",
    "plan",
    "planned_renewal",
    "put_away",
    "quote",
    "record_payment",
    "reinstate",
    "reinstatement",
    "remove_component",
    "replace_component",
    "reverse_payment",
    "send_renewal",
    "small_difference",
    "take_back",
    "terminate_term",
    "unused_fee",
    "void_invoice",
    "warranty_warnings",
    "years_from",
]
