"""Pages of customers, and of those who report for them. The desk has its own (tickets/desk/urls.py)."""

from django.urls import path

from tickets.portal.views import files, home, moves, report, steps, talk, ticket, tickets

app_name = "portal"
urlpatterns = [
    path("home/", home.home, name="home"),
    path("tickets/", tickets.tickets, name="tickets"),
    # a report, one decision a page
    path("tickets/new/", report.new, name="new"),
    path("tickets/new/<uuid:draft_id>/", report.go_on, name="draft"),
    path("tickets/new/<uuid:draft_id>/discard/", report.discard, name="discard"),
    path("tickets/new/<uuid:draft_id>/component/", steps.component, name="step_component"),
    path("tickets/new/<uuid:draft_id>/site/", steps.site, name="step_site"),
    path("tickets/new/<uuid:draft_id>/impact/", steps.impact, name="step_impact"),
    path("tickets/new/<uuid:draft_id>/impact/proposal/", steps.proposal, name="proposal"),
    path("tickets/new/<uuid:draft_id>/problem/", steps.problem, name="step_problem"),
    path("tickets/new/<uuid:draft_id>/problem/keep/", steps.keep, name="keep"),
    path("tickets/new/<uuid:draft_id>/check/", report.check, name="step_check"),
    # a ticket
    path("tickets/<str:reference>/", ticket.ticket, name="ticket"),
    path("tickets/<str:reference>/why/", ticket.why, name="why"),
    path("tickets/<str:reference>/reply/", talk.reply, name="reply"),
    path("tickets/<str:reference>/news/", talk.news, name="news"),
    path("tickets/<str:reference>/draft/<str:kind>/", talk.reply_draft, name="reply_draft"),
    path("tickets/<str:reference>/move/<str:move>/", moves.move, name="move"),
    path("files/<uuid:file_id>/", files.download, name="file"),
]
