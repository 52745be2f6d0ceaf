"""Pages of roZoom's staff and of resellers."""

from django.urls import path

from tickets.desk.views import addresses, alerts, coverage, mail, moves, queue, sending, ticket

app_name = "desk"
urlpatterns = [
    # the queue
    path("", queue.queue, name="queue"),
    path("changes/", queue.changes, name="changes"),
    path("open-next/", queue.open_next, name="open_next"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<str:reference>/dismiss/", alerts.dismiss, name="dismiss_alert"),
    # mail that came in
    path("mail/", mail.mails, name="mails"),
    path("mail/<int:mail_id>/", mail.mail, name="mail"),
    path("mail/<int:mail_id>/release/", mail.release, name="mail_release"),
    path("mail/<int:mail_id>/drop/", mail.drop, name="mail_drop"),
    path("mail/<int:mail_id>/again/", mail.again, name="mail_again"),
    path("mail/<int:mail_id>/as-it-came/", mail.as_it_came, name="mail_raw"),
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
    path("tickets/<str:reference>/reply-addresses/", addresses.take_back_addresses, name="take_back"),
    path("tickets/<str:reference>/merge/", moves.merge_it, name="merge"),
]
