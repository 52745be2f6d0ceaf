"""Oneself, as far as mail about tickets goes. The desk's pages of mail are in tickets/desk/urls.py."""

from django.urls import path

from tickets.mail import views

app_name = "mail"
urlpatterns = [path("settings/reply-addresses/", views.own_addresses, name="own_addresses")]
