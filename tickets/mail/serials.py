"""The component a mail speaks of, by a serial that stands in it as people write them."""

import itertools
import re
from collections.abc import Iterable

from contracts.models import Component, normal_serial
from tenancy.models import Organisation

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{1,40}")
SHORTEST, LONGEST = 4, 80
MOST_WORDS = 3000


def component_in(texts: Iterable[str], customers: Iterable[Organisation]) -> Component | None:
    """Of the first text that names any; None when it names two, as nobody can tell which one is meant."""
    owners = [customer.pk for customer in customers]
    for text in texts:
        wanted = serials_in(text)
        known = Component.objects.in_use().for_list().filter(customer_id__in=owners, serial_normal__in=wanted)
        found = list(known.order_by("pk")[:2]) if wanted and owners else []
        if found:
            return found[0] if len(found) == 1 else None
    return None


def serials_in(text: str) -> list[str]:
    """Words with a digit, and two neighbours as one: 7F-2231, 7F 2231, 7f2231."""
    words = [normal_serial(word.strip("./_-")) for word in WORD.findall(text)[:MOST_WORDS]]
    pairs = [one + other for one, other in itertools.pairwise(words) if len(one) <= 8 and len(other) <= 12]
    fits = (word for word in [*words, *pairs] if SHORTEST <= len(word) <= LONGEST and re.search(r"\d", word))
    return list(dict.fromkeys(fits))
