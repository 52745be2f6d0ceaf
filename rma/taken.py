"""What is one of a kind over all customers. Only whether it is there: whose it is, a deputy of one customer cannot see."""

from uuid import UUID

from django.db import connection

from contracts.models import Product
from rma.models import Shipment


def serial_is_installed(product: Product, serial_normal: str) -> bool:
    """At any customer, in use or not; a part that came back to roZoom is not."""
    return _ask("SELECT app.serial_is_installed(%s, %s)", product.pk, serial_normal)


def tracking_is_taken(carrier: str, tracking_number: str, besides: Shipment | None = None) -> bool:
    """On any box but this one. Both as they are kept."""
    return _ask("SELECT app.tracking_is_taken(%s, %s, %s)", carrier, tracking_number, besides.pk if besides else None)


def _ask(sql: str, *values: UUID | str | None) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return bool(cursor.fetchone()[0])
