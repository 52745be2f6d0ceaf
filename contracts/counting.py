"""What upper apps know about a customer. They register in AppConfig.ready(); pages here ask."""

from collections.abc import Callable, Collection

# (keys of customers) -> by key, how many tickets of theirs are open; a customer without one may be left out.
OpenTickets = Callable[[Collection[int]], dict[int, int]]

open_ticket_counters: list[OpenTickets] = []


def open_tickets(customers: Collection[int]) -> dict[int, int]:
    found = dict.fromkeys(customers, 0)
    for counter in open_ticket_counters:
        for customer, number in counter(customers).items():
            found[customer] = found.get(customer, 0) + number
    return found
