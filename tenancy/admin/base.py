"""What every page of the operators' admin has in common. Rows are read; what changes them is a service or is audited."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from rozoom_support.lib.refusals import Refused
from tenancy import services


class OperatorAdmin(ModelAdmin):
    """Who may look and who may change is said by Person.has_perm. Nobody deletes: things are ended, and stay readable."""

    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True
    warn_unsaved_form = True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changeform_view(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """A service that refuses undoes the whole form and says why."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.audit(request, obj, form.changed_data, is_new=not change)

    def audit(self, request: Any, obj: Any, fields: list[str], *, is_new: bool) -> None:
        organisation_id = self.organisation_of(obj)
        if organisation_id is not None and (is_new or fields):
            services.record_change(
                actor=request.actor,
                organisation_id=organisation_id,
                what=f"{obj._meta.model_name}:{obj.pk}",
                is_new=is_new,
                fields=fields,
                now=request.unit.now,
            )

    def organisation_of(self, obj: Any) -> int | None:
        """Whose audit chain a change belongs to; None for what is nobody's, such as the catalogue of products."""
        return getattr(obj, "customer_id", None)


class ReadOnlyAdmin(OperatorAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LongTableAdmin(ReadOnlyAdmin):
    """Never counts the rows: the next page is asked for, not the last one."""

    paginator = InfinitePaginator


def manages_people(request: Any) -> bool:
    return request.actor is not None and request.actor.can("people:manage")


def for_each(request: HttpRequest, rows: QuerySet, deed: Callable[[Any], Any], done: str) -> None:
    """Call a service for each chosen row. Each succeeds or is refused by itself, and both are said."""
    succeeded = 0
    for row in rows:
        try:
            deed(row)
            succeeded += 1
        except Refused as refused:
            messages.error(request, f"{row}: {refused.message}")
    if succeeded:
        messages.success(request, f"{done}: {succeeded}.")
