"""Mail that was sent, waits, or was given up. Bodies are not shown: they may hold links that open accounts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from unfold.decorators import action

from notifications import services
from notifications.models import Delivery
from tenancy.admin.base import LongTableAdmin, for_each


@admin.register(Delivery)
class DeliveryAdmin(LongTableAdmin):
    list_display = ("created_at", "recipient", "subject", "state", "attempts", "sent_at", "last_error")
    list_filter = ("state",)
    search_fields = ("=recipient",)
    search_help_text = "A whole address"
    ordering = ("-pk",)
    actions = ("send_again",)
    fields = (
        "recipient",
        "subject",
        "state",
        "attempts",
        "next_at",
        "created_at",
        "sent_at",
        "last_error",
        "message_id",
        "leased_by",
        "lease_until",
    )

    def has_replay_permission(self, request: Any) -> bool:
        return request.user.has_perm("notifications.change_delivery")

    @action(description="Send again", permissions=["replay"])
    def send_again(self, request: Any, queryset: QuerySet) -> None:
        """Whatever became of it: a mail that was given up, or one that was sent and did not arrive."""

        def replay(delivery: Delivery) -> None:
            services.replay(delivery_id=delivery.pk)
            self.log_change(request, delivery, "Sent again")

        for_each(request, queryset, replay, "Waiting to be sent again")
