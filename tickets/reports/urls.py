"""The reports: for roZoom, for resellers over their customers, and for administrators of a customer over their own."""

from django.urls import path

from tickets.reports import views

app_name = "reports"
urlpatterns = [path("reports/", views.report, name="report")]
