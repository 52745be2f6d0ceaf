"""Deeds on the install base."""

from datetime import date

from contracts.models import Component, Product, Site, normal_serial
from rozoom_support.lib.refusals import Refused
from tenancy.models import Organisation


class CannotInstall(Refused):
    code = "cannot_install"


def install_component(
    *,
    product: Product,
    site: Site,
    serial: str,
    location: str = "",
    implemented_on: date | None = None,
    state: str = Component.State.IN_USE,
) -> Component:
    """Put one serial at a site. The serial is unique per product however it is typed."""
    normal = normal_serial(serial)
    if not normal:
        raise CannotInstall("Enter the serial that stands on the label.", param="serial")
    if Component.objects.filter(product=product, serial_normal=normal).exists():
        raise CannotInstall(f"{product.name} with serial {serial} is already installed.", param="serial")
    customer = Organisation.objects.get(pk=site.customer_id)
    return Component.objects.create(
        customer=customer,
        product=product,
        site=site,
        serial=serial.strip(),
        serial_normal=normal,
        location=location,
        implemented_on=implemented_on,
        state=state,
    )
