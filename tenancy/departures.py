"""What upper apps take back when somebody loses access. They register in AppConfig.ready(); deeds here call them."""

from collections.abc import Callable
from datetime import datetime

from tenancy.actor import Actor
from tenancy.models import Membership, Organisation

# (actor, membership, now): this person works no more for that organisation.
PersonLeft = Callable[[Actor, Membership, datetime], None]
# (actor, customer, now): the reseller that served this customer until now serves it no more.
ResellerLeft = Callable[[Actor, Organisation, datetime], None]

when_person_leaves: list[PersonLeft] = []
when_reseller_leaves: list[ResellerLeft] = []
