"""Mail that deeds on people send. The outbox stands above this app, so the project hands its function in at start-up."""

from collections.abc import Callable

_queue: Callable[..., None] | None = None


def deliver_with(queue: Callable[..., None]) -> None:
    """`queue(to=…, subject=…, text=…, action=…, dedup=…)` must write in the transaction that is open."""
    global _queue
    _queue = queue


def mail(*, to: str, subject: str, text: str, action: str, dedup: str) -> None:
    """`action`: what the link in the text is for."""
    if _queue is None:
        raise RuntimeError("nobody carries mail: call tenancy.outgoing.deliver_with() at start-up")
    _queue(to=to, subject=subject, text=text, action=action, dedup=dedup)
