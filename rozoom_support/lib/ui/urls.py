from django.urls import path

from rozoom_support.lib.ui import views

urlpatterns = [path("styleguide/", views.styleguide, name="styleguide")]
