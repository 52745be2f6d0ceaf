"""Who is on duty, and who is told of late answers: pages of roZoom's staff."""

from django.urls import path

from sla.views import duty, ladders

app_name = "sla"
urlpatterns = [
    # people on duty
    path("duty/", duty.listed, name="duty"),
    path("duty/<str:rota>/", duty.edit, name="rota"),
    path("duty/<str:rota>/remove/", duty.remove, name="remove_rota"),
    path("duty/<str:rota>/change/", duty.add_change, name="add_change"),
    path("duty/<str:rota>/change/<int:change>/remove/", duty.remove_change, name="remove_change"),
    # ladders
    path("ladders/", ladders.listed, name="ladders"),
    path("ladders/<int:severity>/", ladders.ladder, name="ladder"),
]
