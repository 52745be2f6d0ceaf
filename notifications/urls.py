from django.urls import path

from notifications import stopping, views
from notifications.webhooks import urls as webhooks

app_name = "notifications"
urlpatterns = [
    path("notices/", views.listed, name="notices"),
    path("notices/bell/", views.bell, name="bell"),
    path("notices/all-read/", views.all_read, name="all_read"),
    path("notices/<int:notice_id>/", views.opened, name="open"),
    path("notices/stop/<str:token>/", stopping.stop, name="stop"),
    path("settings/notices/", views.wishes, name="wishes"),
    *webhooks.urlpatterns,
]
