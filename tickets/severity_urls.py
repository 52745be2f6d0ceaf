"""The agreement about a severity, for all its parties."""

from django.urls import path

from tickets import severity_pages as pages

app_name = "severity"
urlpatterns = [
    path("consent/", pages.consent, name="consent"),  # no ticket has this number
    path("<str:reference>/", pages.panel, name="panel"),
    path("<str:reference>/propose/", pages.propose, name="propose"),
    path("<str:reference>/<int:number>/answer/", pages.answer, name="answer"),
    path("<str:reference>/<int:number>/withdraw/", pages.withdraw, name="withdraw"),
]
