from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "rozoom_support.lib.ui"
    label = "ui"
