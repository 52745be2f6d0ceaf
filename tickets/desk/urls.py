"""Pages of roZoom's staff and of resellers."""

from django.urls import path

from tickets.desk.views import alerts, coverage, moves, queue, sending, ticket

app_name = "desk"
urlpatterns = [
    # the queue
    path("", queue.queue, name="queue"),
    path("changes/", queue.changes, name="changes"),
    path("open-next/", queue.open_next, name="open_next"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<str:reference>/dismiss/", alerts.dismiss, name="dismiss_alert"),
    # a ticket
    path("tickets/<str:reference>/", ticket.ticket, name="ticket"),
    path("tickets/<str:reference>/live/", ticket.live, name="live"),
    path("tickets/<str:reference>/why/", ticket.why, name="why"),
    # deeds on it
    path("tickets/<str:reference>/send/<str:kind>/", sending.send, name="send"),
    path("tickets/<str:reference>/take/", ticket.take_it, name="take"),
    path("tickets/<str:reference>/assign/", ticket.assign_it, name="assign"),
    path("tickets/<str:reference>/move/<str:name>/", moves.move, name="move"),
    path("tickets/<str:reference>/coverage/", coverage.decide, name="coverage"),
    path("tickets/<str:reference>/merge/", moves.merge_it, name="merge"),
]
