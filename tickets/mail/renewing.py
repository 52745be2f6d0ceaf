"""A mail that waited while its reply address was taken back goes out with the next one (docs/mail.md)."""

from collections import defaultdict
from collections.abc import Sequence
from email.utils import parseaddr

from notifications.handlers import renews
from notifications.models import Delivery
from tickets.mail.addresses import as_reply_to, reply_address, secrets_in
from tickets.models import ReplyAddress


@renews
def with_addresses_in_force(batch: Sequence[Delivery]) -> None:
    """One question for the whole batch; nearly always nothing was taken back."""
    carried: dict[str, list[Delivery]] = defaultdict(list)
    for mail in batch:
        for secret in secrets_in([parseaddr(str(mail.headers.get("Reply-To", "")))[1]]):
            carried[secret].append(mail)
    if not carried:
        return
    taken_back = ReplyAddress.objects.select_related("ticket").filter(secret__in=carried, revoked_at__isnull=False)
    for old in taken_back:
        address = reply_address(
            old.ticket, organisation_id=old.organisation_id, person_id=old.person_id, email=old.email, kind=old.kind
        )
        for mail in carried[old.secret]:
            mail.headers = {**mail.headers, "Reply-To": as_reply_to(address)}
            mail.save(update_fields=["headers"])
