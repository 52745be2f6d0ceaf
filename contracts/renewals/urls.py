from django.urls import URLPattern, path

from contracts.renewals import views

urlpatterns: list[URLPattern] = [
    path("", views.renewals, name="renewals"),
    path("<uuid:term_id>/", views.prepare, name="renewal"),
]
