"""Addresses of webhooks, with and without their last slash."""

from django.urls import re_path

from notifications.webhooks.api import views

ONE = r"^webhook-endpoints/(?P<endpoint_id>[^/]+)"
DELIVERY = rf"{ONE}/deliveries/(?P<delivery_id>[^/]+)"
urlpatterns = [
    re_path(r"^webhook-endpoints/?$", views.Endpoints.as_view(), name="api-webhook-endpoints"),
    re_path(rf"{ONE}/?$", views.OneEndpoint.as_view(), name="api-webhook-endpoint"),
    re_path(rf"{ONE}/rotation/?$", views.Rotation.as_view(), name="api-webhook-rotation"),
    re_path(rf"{ONE}/removal/?$", views.Removal.as_view(), name="api-webhook-removal"),
    re_path(rf"{ONE}/test/?$", views.Test.as_view(), name="api-webhook-test"),
    re_path(rf"{ONE}/replay/?$", views.ReplayFailed.as_view(), name="api-webhook-replay-failed"),
    re_path(rf"{ONE}/deliveries/?$", views.Deliveries.as_view(), name="api-webhook-deliveries"),
    re_path(rf"{DELIVERY}/?$", views.OneDelivery.as_view(), name="api-webhook-delivery"),
    re_path(rf"{DELIVERY}/replay/?$", views.Replay.as_view(), name="api-webhook-replay"),
]
