"""Deeds on organisations, people and their keys. Every door calls these."""

from tenancy.services.customers import CannotChangeReseller, change_reseller, found_operator
from tenancy.services.invitations import (
    CannotAccept,
    CannotInvite,
    accept_invitation,
    invite,
    resend_invitation,
    withdraw_invitation,
)
from tenancy.services.people import (
    CannotChangePerson,
    change_role,
    close_account,
    deactivate,
    let_back_in,
    open_account,
    remove_second_step,
)
from tenancy.services.personal import CannotSet, rename, set_preferences, switch_membership
from tenancy.services.records import record_change
from tenancy.services.tokens import CannotMakeToken, make_token, revoke_token

__all__ = [
    "CannotAccept",
    "CannotChangePerson",
    "CannotChangeReseller",
    "CannotInvite",
    "CannotMakeToken",
    "CannotSet",
    "accept_invitation",
    "change_reseller",
    "change_role",
    "close_account",
    "deactivate",
    "found_operator",
    "invite",
    "let_back_in",
    "make_token",
    "open_account",
    "record_change",
    "remove_second_step",
    "rename",
    "resend_invitation",
    "revoke_token",
    "set_preferences",
    "switch_membership",
    "withdraw_invitation",
]
