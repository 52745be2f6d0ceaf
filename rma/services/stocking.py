"""How many units of a product a pool should own."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from contracts.models import Product
from rma.events import note_of_ours
from rma.models import BaseStock, Pool
from rma.services.pooling import CannotStock
from tenancy.actor import Actor

MOST_LEVEL = 9999


@transaction.atomic
def set_base_stock(
    *, actor: Actor, pool: Pool, product: Product, level: int, target: Decimal, now: datetime
) -> BaseStock:
    """`target`: the share of requests that the shelf should meet, such as 0.95."""
    actor.require("pool:manage")
    if product.kind != Product.Kind.HARDWARE:
        raise CannotStock("Software has no units.", param="level")
    if not 0 <= level <= MOST_LEVEL:
        raise CannotStock(f"Enter a number from 0 to {MOST_LEVEL}.", param="level")
    if not 0 < target < 1:
        raise CannotStock("Enter a share between 1 % and 99.99 %.", param="target")
    was = BaseStock.objects.filter(pool=pool, product=product).values_list("level", flat=True).first()
    values = {"level": level, "target_fill": target, "set_by_name": actor.name, "set_at": now}
    kept, _ = BaseStock.objects.update_or_create(pool=pool, product=product, defaults=values)
    chain = f"stock:{product.pk}"
    note_of_ours(actor, chain, "stock.level-set", now, product=product.sku, pool=pool.code, was=was, to=level)
    return kept
