from django.urls import URLPattern, path

from contracts.imports import views

urlpatterns: list[URLPattern] = [
    path("", views.imports, name="imports"),
    path("sample/<str:kind>/", views.sample, name="import_sample"),
    # before the files, whose addresses are keys
    path("payments/", views.bank_lines, name="bank_lines"),
    path("payments/<uuid:line_id>/", views.bank_line, name="bank_line"),
    path("<uuid:run_id>/", views.import_run, name="import_run"),
    path("<uuid:run_id>/problems.csv", views.problems, name="import_problems"),
]
