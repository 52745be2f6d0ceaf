"""People, what they may do where, and invitations. Changes are services; rights are those of `people:manage`."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from tenancy import services
from tenancy.admin.base import OperatorAdmin, ReadOnlyAdmin, for_each, manages_people
from tenancy.models import ROLES_OF_KIND, Invitation, Kind, Membership, Person

ALL_ROLES = [
    (role.value, f"{Kind(kind).label}: {role.label}") for kind, roles in ROLES_OF_KIND.items() for role in roles
]


class MembershipInline(TabularInline):
    model = Membership
    fields = ("organisation", "role", "is_active", "created_at")
    readonly_fields = fields
    extra = 0
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("organisation")


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    """Accounts. Names are changed by their owners; addresses never (a new address is a new invitation)."""

    list_display = ("name", "email", "is_active", "last_login")
    list_filter = ("is_active",)
    search_fields = ("name", "email")
    ordering = ("name",)
    fields = ("name", "email", "is_active", "last_login", "created_at")
    inlines = (MembershipInline,)
    actions = ("close_accounts", "open_accounts", "remove_second_step")

    def has_manage_permission(self, request: Any) -> bool:
        return manages_people(request)

    @action(description="Close accounts: no sign-in anywhere any more", permissions=["manage"])
    def close_accounts(self, request: Any, queryset: QuerySet) -> None:
        def close(person: Person) -> None:
            services.close_account(actor=request.actor, person=person, now=request.unit.now)
            self.log_change(request, person, "Account closed")

        for_each(request, queryset, close, "Accounts closed")

    @action(description="Open accounts again", permissions=["manage"])
    def open_accounts(self, request: Any, queryset: QuerySet) -> None:
        def reopen(person: Person) -> None:
            services.open_account(actor=request.actor, person=person, now=request.unit.now)
            self.log_change(request, person, "Account opened")

        for_each(request, queryset, reopen, "Accounts opened")

    @action(
        description="Remove the second step, for someone who lost their phone and recovery codes",
        permissions=["manage"],
    )
    def remove_second_step(self, request: Any, queryset: QuerySet) -> None:
        def remove(person: Person) -> None:
            if services.remove_second_step(actor=request.actor, person=person, now=request.unit.now):
                self.log_change(request, person, "Second step removed")

        for_each(request, queryset, remove, "Password alone opens the account now")


class MembershipForm(forms.ModelForm):
    class Meta:
        model = Membership
        fields = ("role",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            roles = ROLES_OF_KIND[self.instance.organisation.kind]
            self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]


@admin.register(Membership)
class MembershipAdmin(OperatorAdmin):
    form = MembershipForm
    list_display = ("person_name", "person_email", "organisation", "role", "is_active")
    list_filter = ("is_active", "role")
    list_select_related = ("organisation",)
    search_fields = ("person_name", "person_email", "organisation__code", "organisation__name")
    ordering = ("person_name",)
    fields = ("person_name", "person_email", "organisation", "role", "is_active", "created_at")
    readonly_fields = ("person_name", "person_email", "organisation", "is_active", "created_at")
    actions = ("end_access", "give_access_back")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Model | None = None) -> bool:
        return manages_people(request)

    def has_manage_permission(self, request: Any) -> bool:
        return manages_people(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("organisation")

    def save_model(self, request: Any, obj: Membership, form: Any, change: bool) -> None:
        before = Membership.objects.select_related("organisation").get(pk=obj.pk)
        services.change_role(actor=request.actor, membership=before, role=obj.role, now=request.unit.now)

    @action(description="End access", permissions=["manage"])
    def end_access(self, request: Any, queryset: QuerySet) -> None:
        def end(membership: Membership) -> None:
            services.deactivate(actor=request.actor, membership=membership, now=request.unit.now)
            self.log_change(request, membership, "Access ended")

        for_each(request, queryset, end, "Access ended")

    @action(description="Give access back", permissions=["manage"])
    def give_access_back(self, request: Any, queryset: QuerySet) -> None:
        def give(membership: Membership) -> None:
            services.let_back_in(actor=request.actor, membership=membership, now=request.unit.now)
            self.log_change(request, membership, "Access given back")

        for_each(request, queryset, give, "Access given back")


class InvitationForm(forms.ModelForm):
    role = forms.ChoiceField(choices=ALL_ROLES, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Invitation
        fields = ("organisation", "email", "name", "role")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        organisation = data.get("organisation")
        if organisation and data.get("role") not in ROLES_OF_KIND[organisation.kind]:
            self.add_error("role", f"Choose a role for a {Kind(organisation.kind).label.lower()}.")
        return data


@admin.register(Invitation)
class InvitationAdmin(OperatorAdmin):
    """How the first person of a new organisation comes in."""

    form = InvitationForm
    list_display = ("email", "organisation", "role", "invited_by_name", "expires_at", "accepted_at", "withdrawn_at")
    list_select_related = ("organisation",)
    search_fields = ("email", "organisation__code", "organisation__name")
    ordering = ("-created_at",)
    autocomplete_fields = ("organisation",)
    fields = ("organisation", "email", "name", "role")
    actions = ("send_again", "withdraw")

    def has_add_permission(self, request: Any) -> bool:
        return manages_people(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_manage_permission(self, request: Any) -> bool:
        return manages_people(request)

    def save_model(self, request: Any, obj: Invitation, form: Any, change: bool) -> None:
        made, _ = services.invite(
            actor=request.actor,
            organisation=obj.organisation,
            email=obj.email,
            name=obj.name,
            role=obj.role,
            now=request.unit.now,
        )
        obj.pk = made.pk

    @action(description="Send again with a new link", permissions=["manage"])
    def send_again(self, request: Any, queryset: QuerySet) -> None:
        def send(invitation: Invitation) -> None:
            services.resend_invitation(actor=request.actor, invitation=invitation, now=request.unit.now)

        for_each(request, queryset.select_related("organisation"), send, "Sent again")

    @action(description="Withdraw", permissions=["manage"])
    def withdraw(self, request: Any, queryset: QuerySet) -> None:
        def end(invitation: Invitation) -> None:
            services.withdraw_invitation(actor=request.actor, invitation=invitation, now=request.unit.now)

        for_each(request, queryset.select_related("organisation"), end, "Withdrawn")
