from django.urls import path

from contracts import views

app_name = "contracts"
urlpatterns = [
    path("components/", views.coverage, name="coverage"),
    path("components/<uuid:component_id>/", views.component, name="component"),
]
