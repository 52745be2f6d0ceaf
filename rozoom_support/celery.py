"""The Celery application. PostgreSQL is the queue of record; what Redis forgets, the next poll finds."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rozoom_support.settings")

app = Celery("rozoom_support")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["contracts.imports"])
