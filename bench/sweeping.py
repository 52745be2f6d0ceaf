"""A sweeper in a process of its own: the task as a worker runs it, again and again. `python -m bench.sweeping`, ended by SIGTERM."""

import sys

import django

django.setup()

from sla.sweeper import next_due
from sla.tasks import sweep

next_due()  # connected
print("ready", flush=True)
while True:
    sweep()
    sys.stdout.flush()
