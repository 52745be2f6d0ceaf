"""List prices and warranties are set here; agreements and invoices are read: they change by deeds only."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from contracts.models import (
    AgreementLine,
    AgreementTerm,
    Invoice,
    InvoiceLine,
    Payment,
    PriceListEntry,
    SupportAgreement,
    WarrantyCoverage,
)
from tenancy.admin.base import OperatorAdmin, ReadOnlyAdmin


class ReadOnlyInline(TabularInline):
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(PriceListEntry)
class PriceListEntryAdmin(OperatorAdmin):
    list_display = ("product", "currency", "list_price", "valid_from", "valid_to")
    list_filter = ("currency",)
    list_select_related = ("product",)
    search_fields = ("product__sku", "product__name")
    ordering = ("product__sku", "currency", "-valid_from")
    autocomplete_fields = ("product",)
    fields = ("product", "currency", "list_price", "valid_from", "valid_to")

    def get_readonly_fields(self, request: HttpRequest, obj: PriceListEntry | None = None) -> tuple[str, ...]:
        """A price that was quoted stays: it is ended, and the next one begins."""
        return () if obj is None else ("product", "currency", "list_price", "valid_from")


class WarrantyForm(forms.ModelForm):
    """The constraint names the customer, which is no field here, so Django leaves asking about overlaps to us."""

    class Meta:
        model = WarrantyCoverage
        fields = ("component", "kind", "start_date", "end_date", "exclusions")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        component = values.get("component") or self.instance.component_id
        start, end = values.get("start_date") or self.instance.start_date, values.get("end_date")
        if not (component and start and end):
            return values
        if end < start:
            raise forms.ValidationError({"end_date": "The last day is on or after the first."})
        others = WarrantyCoverage.objects.filter(component=component, start_date__lte=end, end_date__gte=start)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("This component has a warranty for these days already.")
        return values


@admin.register(WarrantyCoverage)
class WarrantyCoverageAdmin(OperatorAdmin):
    form = WarrantyForm
    list_display = ("component", "customer", "kind", "start_date", "end_date", "voided_at")
    list_filter = ("kind",)
    list_select_related = ("component__product", "customer")
    search_fields = ("component__serial", "component__serial_normal", "customer__code")
    ordering = ("-end_date",)
    autocomplete_fields = ("component",)
    fields = ("component", "kind", "start_date", "end_date", "exclusions")

    def get_readonly_fields(self, request: HttpRequest, obj: WarrantyCoverage | None = None) -> tuple[str, ...]:
        return () if obj is None else ("component", "kind", "start_date")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("component__product")

    def save_model(self, request: Any, obj: WarrantyCoverage, form: Any, change: bool) -> None:
        obj.copy_tenant()  # the audit names the customer
        super().save_model(request, obj, form, change)


class AgreementTermInline(ReadOnlyInline):
    model = AgreementTerm
    fields = ("kind", "state", "start_date", "end_date", "ordered_at", "purchase_order")
    readonly_fields = fields


@admin.register(SupportAgreement)
class SupportAgreementAdmin(ReadOnlyAdmin):
    list_display = ("number", "customer", "sold_by", "currency", "created_at")
    list_select_related = ("customer", "sold_by")
    search_fields = ("number", "customer__code", "customer__name")
    ordering = ("number",)
    fields = ("number", "customer", "sold_by", "currency", "created_at")
    inlines = (AgreementTermInline,)


class AgreementLineInline(ReadOnlyInline):
    model = AgreementLine
    fields = ("component", "list_price", "unit_fee", "cover_start", "cover_end", "removed_on")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("component__product")


@admin.register(AgreementTerm)
class AgreementTermAdmin(ReadOnlyAdmin):
    list_display = ("agreement", "customer", "state", "start_date", "end_date", "ordered_at")
    list_filter = ("state",)
    list_select_related = ("agreement", "customer")
    search_fields = ("agreement__number", "customer__code", "purchase_order")
    ordering = ("end_date",)
    inlines = (AgreementLineInline,)


class InvoiceLineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = ("text", "quantity", "unit_amount", "amount")
    readonly_fields = fields


class PaymentInline(ReadOnlyInline):
    model = Payment
    fields = ("amount", "value_date", "source", "reference", "by_name", "recorded_at")
    readonly_fields = fields


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("number", "customer", "kind", "state", "total", "currency", "issued_on", "due_on", "paid_on")
    list_filter = ("state", "kind")
    list_select_related = ("customer",)
    search_fields = ("number", "customer__code", "customer__name")
    ordering = ("-issued_on", "-number")
    inlines = (InvoiceLineInline, PaymentInline)
