"""Addresses of tickets. Each works with and without its last slash: a redirect would lose a program's POST."""

from django.urls import re_path

from tickets.api import conversation, reports, severity, views

TICKET = r"^tickets/(?P<reference>[^/]+)"
PROPOSAL = rf"{TICKET}/severity-proposals/(?P<number>[^/]+)"

urlpatterns = [
    # tickets
    re_path(r"^tickets/?$", views.Tickets.as_view(), name="api-tickets"),
    re_path(rf"{TICKET}/?$", views.OneTicket.as_view(), name="api-ticket"),
    re_path(rf"{TICKET}/transitions/?$", views.Transitions.as_view(), name="api-transitions"),
    re_path(rf"{TICKET}/assignment/?$", views.Assignment.as_view(), name="api-assignment"),
    re_path(rf"{TICKET}/promise/?$", views.Promise.as_view(), name="api-promise"),
    # the agreement about their severity
    re_path(rf"{TICKET}/severity-proposals/?$", severity.Proposals.as_view(), name="api-severity-proposals"),
    re_path(rf"{PROPOSAL}/?$", severity.OneProposal.as_view(), name="api-severity-proposal"),
    re_path(rf"{PROPOSAL}/answer/?$", severity.Answer.as_view(), name="api-severity-answer"),
    re_path(rf"{PROPOSAL}/withdraw/?$", severity.Withdrawal.as_view(), name="api-severity-withdraw"),
    # their conversation and files
    re_path(rf"{TICKET}/messages/?$", conversation.Messages.as_view(), name="api-messages"),
    re_path(rf"{TICKET}/messages/(?P<id>[^/]+)/?$", conversation.OneMessage.as_view(), name="api-message"),
    re_path(rf"{TICKET}/files/?$", conversation.Files.as_view(), name="api-files"),
    re_path(r"^files/(?P<id>[^/]+)/?$", conversation.OneFile.as_view(), name="api-file"),
    # how promises were kept
    re_path(r"^reports/attainment/?$", reports.Attainment.as_view(), name="api-attainment"),
]
