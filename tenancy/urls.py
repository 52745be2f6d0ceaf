"""Oneself, one's colleagues, one's programs."""

from django.urls import path

from tenancy.views import invitations, people, personal, tokens

app_name = "tenancy"
urlpatterns = [
    # oneself
    path("settings/", personal.settings, name="settings"),
    path("settings/theme/", personal.theme, name="theme"),
    path("settings/clock-updates/", personal.clock_updates, name="clock_updates"),
    path("switch/", personal.switch, name="switch"),
    path("welcome/", personal.welcome, name="welcome"),
    path("invitations/<str:secret>/", invitations.accept, name="invitation"),
    # colleagues
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/<int:pk>/resend/", people.resend, name="resend"),
    path("people/invitations/<int:pk>/withdraw/", people.withdraw, name="withdraw"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/end/", people.deactivate, name="deactivate"),
    path("people/<int:pk>/return/", people.let_back_in, name="let_back_in"),
    # programs
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/new/", tokens.make, name="make_token"),
    path("tokens/<uuid:pk>/withdraw/", tokens.revoke, name="revoke_token"),
]
