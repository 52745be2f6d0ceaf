"""Pages of webhooks, under the names of `notifications`."""

from django.urls import path

from notifications.webhooks import views

ONE = "webhooks/<uuid:endpoint_id>/"
urlpatterns = [
    path("webhooks/", views.listed, name="webhooks"),
    path("webhooks/new/", views.make, name="make_webhook"),
    path(ONE, views.detail, name="webhook"),
    path(f"{ONE}change/", views.change, name="change_webhook"),
    path(f"{ONE}secret/", views.secret, name="webhook_secret"),
    path(f"{ONE}switch/", views.switch, name="switch_webhook"),
    path(f"{ONE}test/", views.test, name="test_webhook"),
    path(f"{ONE}remove/", views.remove, name="remove_webhook"),
    path(f"{ONE}send-again/", views.replay_failed, name="replay_failed_webhooks"),
    path(f"{ONE}deliveries/<uuid:delivery_id>/", views.delivery, name="webhook_delivery"),
    path(f"{ONE}deliveries/<uuid:delivery_id>/send-again/", views.replay, name="replay_webhook"),
]
