"""Products, sites and the install base."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from contracts import services
from contracts.models import Component, Product, Site
from tenancy.admin.base import OperatorAdmin
from tenancy.models import Kind, Organisation


@admin.register(Product)
class ProductAdmin(OperatorAdmin):
    list_display = ("sku", "name", "kind", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("sku", "name")
    ordering = ("name",)


@admin.register(Site)
class SiteAdmin(OperatorAdmin):
    list_display = ("name", "customer", "time_zone", "country", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("customer",)
    search_fields = ("name", "customer__code", "customer__name")
    ordering = ("name",)
    autocomplete_fields = ("customer",)
    fields = (
        "customer",
        "name",
        "address",
        "country",
        "subdivision",
        "time_zone",
        "contact_name",
        "contact_phone",
        "access_hours",
        "is_active",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Site | None = None) -> tuple[str, ...]:
        return () if obj is None else ("customer",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("customer")

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "customer":
            kwargs["queryset"] = Organisation.objects.filter(kind=Kind.CUSTOMER)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ComponentForm(forms.ModelForm):
    class Meta:
        model = Component
        fields = ("product", "site", "serial", "location", "implemented_on", "state")

    def validate_unique(self) -> None:
        """The serial is judged by the service, as it is typed on the label and not as it is stored."""


@admin.register(Component)
class ComponentAdmin(OperatorAdmin):
    form = ComponentForm
    list_display = ("serial", "product", "customer", "site", "location", "state")
    list_filter = ("state",)
    list_select_related = ("product", "customer", "site")
    search_fields = ("serial", "serial_normal", "product__name", "product__sku", "customer__code", "site__name")
    ordering = ("serial_normal",)
    autocomplete_fields = ("product", "site")
    fields = ("product", "site", "serial", "location", "implemented_on", "state")

    def get_readonly_fields(self, request: HttpRequest, obj: Component | None = None) -> tuple[str, ...]:
        """What it is and whose it is does not change; another product or serial is another component."""
        return () if obj is None else ("product", "site", "serial")

    def save_model(self, request: Any, obj: Component, form: Any, change: bool) -> None:
        if not change:
            made = services.install_component(**form.cleaned_data)
            obj.pk, obj.customer_id = made.pk, made.customer_id
            self.audit(request, obj, form.changed_data, is_new=True)
        else:
            super().save_model(request, obj, form, change)
