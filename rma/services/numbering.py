"""Numbers of returns: one series a customer, without gaps."""

from django.db import connection

# The counter's row is the lock under which one customer's requests are told apart.
HOLD = """
INSERT INTO rma_rmacounter AS counter (customer_id, reseller_id, last) VALUES (%s, %s, 0)
ON CONFLICT (customer_id) DO UPDATE SET last = counter.last RETURNING last"""
TAKE = "UPDATE rma_rmacounter SET last = last + 1 WHERE customer_id = %s RETURNING last"


def hold_numbers(customer_id: int, reseller_id: int) -> None:
    """Until the transaction ends, nobody else requests for this customer."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [customer_id, reseller_id])


def next_number(customer_id: int, reseller_id: int) -> int:
    hold_numbers(customer_id, reseller_id)
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [customer_id])
        return cursor.fetchone()[0]
