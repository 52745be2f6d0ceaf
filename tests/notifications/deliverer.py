"""A deliverer of its own process that ends itself by SIGKILL where the test says: `python -m tests.notifications.deliverer`"""

import os
import random
import signal
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import django

django.setup()

from notifications import delivery, expansion  # noqa: E402
from notifications.models import Delivery  # noqa: E402
from notifications.post import Post  # noqa: E402

LEASE = 1.0


def die(*args: Any, **kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after_a_while() -> None:
    time.sleep(random.uniform(0.02, 0.25))
    die()


def main(how: str) -> None:
    delivery.LEASE = expansion.LEASE = timedelta(seconds=LEASE)
    delivery.BEGIN_WITHIN = LEASE * 0.8
    mark = delivery._mark

    def die_instead_of_marking(one: Delivery, **changes: Any) -> bool:
        if changes.get("state") == Delivery.State.SENT:
            die()
        return mark(one, **changes)

    if how == "before-send":
        Post.send = die  # type: ignore[method-assign]
    elif how == "before-mark":
        delivery._mark = die_instead_of_marking
    elif how == "any-time":
        threading.Thread(target=die_after_a_while, daemon=True).start()
    expansion.expand(seconds=20)
    delivery.deliver(seconds=20)
    while how == "any-time":  # what others have claimed may be all there is: it is killed all the same
        delivery.deliver(seconds=1)


main(sys.argv[1])
