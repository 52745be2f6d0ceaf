"""Organisations, who serves them, and roZoom's teams."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from rozoom_support.lib.refusals import Refused
from tenancy import services
from tenancy.admin.base import OperatorAdmin, manages_people
from tenancy.models import Kind, Membership, Organisation, Team, TeamMember

SERVES = (Kind.RESELLER, Kind.OPERATOR)
# What may be searched for in a field of another page, by the name of that field.
KINDS_FOR_FIELD: dict[str, tuple[Kind, ...]] = {"customer": (Kind.CUSTOMER,), "reseller": SERVES}


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = "__all__"  # noqa: DJ007  (the admin's `fields` decide)

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].upper()
        if Organisation.objects.filter(code__iexact=code).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"{code} is taken. Tickets are numbered with it, so each has its own.")
        return code

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "kind" not in data:
            return data
        if data["kind"] == Kind.OPERATOR:
            self.add_error("kind", "There is one operator: roZoom.")
        elif data["kind"] == Kind.CUSTOMER and not data.get("reseller"):
            data["reseller"] = services.found_operator()  # sold directly
        elif data["kind"] != Kind.CUSTOMER and data.get("reseller"):
            self.add_error("reseller", "Only customers are served by a reseller.")
        return data


class ResellerForm(forms.Form):
    to = forms.ModelChoiceField(
        queryset=Organisation.objects.none(), label="New reseller", widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, customer: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        serving = Organisation.objects.filter(kind__in=SERVES, is_active=True).exclude(served=customer)
        self.fields["to"].queryset = serving.order_by("kind", "name")  # type: ignore[attr-defined]


@admin.register(Organisation)
class OrganisationAdmin(OperatorAdmin):
    form = OrganisationForm
    list_display = ("code", "name", "kind", "served_by", "time_zone", "is_active")
    list_filter = ("kind", "is_active")
    list_select_related = ("reseller",)
    search_fields = ("code", "name")
    ordering = ("name",)
    fields = ("kind", "code", "name", "reseller", "time_zone", "phone", "mail_domains", "is_active")
    actions_detail = ("change_reseller",)

    @admin.display(description="Served by", ordering="reseller__name")
    def served_by(self, obj: Organisation) -> str:
        return obj.reseller.name if obj.reseller else ""

    def organisation_of(self, obj: Organisation) -> int:
        return obj.pk

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> tuple[str, ...]:
        """The code stands in every ticket number; the reseller moves every row (an action of its own)."""
        return () if obj is None else ("kind", "code", "reseller")

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "reseller":
            kwargs["queryset"] = Organisation.objects.filter(kind=Kind.RESELLER, is_active=True).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            kwargs["choices"] = [(kind.value, kind.label) for kind in Kind if kind != Kind.OPERATOR]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        found, doubles = super().get_search_results(request, queryset, search_term)
        if kinds := KINDS_FOR_FIELD.get(request.GET.get("field_name", "")):
            found = found.filter(kind__in=kinds)
        return found, doubles

    def has_reseller_permission(self, request: Any, object_id: Any = None) -> bool:
        return manages_people(request)

    @action(description="Change reseller", url_path="change-reseller", permissions=["reseller"])
    def change_reseller(self, request: Any, object_id: str) -> HttpResponse:
        customer = get_object_or_404(Organisation.objects.select_related("reseller"), pk=object_id)
        back = reverse("admin:tenancy_organisation_change", args=[customer.pk])
        if customer.kind != Kind.CUSTOMER:
            messages.error(request, f"{customer.name} is not a customer: nobody serves it.")
            return HttpResponseRedirect(back)
        form = ResellerForm(request.POST or None, customer=customer)
        if request.method == "POST" and form.is_valid():
            to = form.cleaned_data["to"]
            try:
                services.change_reseller(actor=request.actor, customer=customer, to=to, now=request.unit.now)
            except Refused as refused:
                form.add_error("to", refused.message)
            else:
                self.log_change(request, customer, f"Reseller changed to {to.name}")
                messages.success(request, f"{to.name} serves {customer.name} from now on.")
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Change the reseller of {customer.name}",
            "customer": customer,
            "form": form,
            "back": back,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/tenancy/change_reseller.html", context)


class TeamMemberInline(TabularInline):
    model = TeamMember
    extra = 0
    hide_title = True

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return request.user.has_perm("tenancy.change_team")

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return _of_rozoom(super(), db_field, request, kwargs)


@admin.register(Team)
class TeamAdmin(OperatorAdmin):
    list_display = ("name", "lead")
    list_select_related = ("lead__organisation",)
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "lead")
    inlines = (TeamMemberInline,)

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return _of_rozoom(super(), db_field, request, kwargs)


def _of_rozoom(options: Any, db_field: Any, request: Any, kwargs: dict[str, Any]) -> Any:
    """Teams are made of roZoom's own people."""
    if db_field.related_model is Membership:
        own = Membership.objects.select_related("organisation").filter(is_active=True, organisation__kind=Kind.OPERATOR)
        kwargs["queryset"] = own.order_by("person_name")
    return options.formfield_for_foreignkey(db_field, request, **kwargs)
