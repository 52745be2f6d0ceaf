"""Reading a mail once more, after a mistake of ours was mended or somebody became known."""

from django.contrib.postgres.functions import TransactionNow

from tenancy.context import Context, work_unit
from tickets.mail.working import read_now
from tickets.models import IncomingMail

Outcome = IncomingMail.Outcome
# What staff decided stays decided; what was filed stays filed.
OPEN_TO_IT = (Outcome.WAITING, Outcome.HELD, Outcome.IGNORED)


class CannotReadAgain(Exception):
    pass


def read_again(pk: int) -> IncomingMail:
    """Raises CannotReadAgain when there is no such mail or it was forgotten."""
    with work_unit(Context("worker")):
        mail = IncomingMail.objects.select_for_update().filter(pk=pk).first()
        if mail is None:
            raise CannotReadAgain(f"There is no mail {pk}.")
        if mail.outcome not in OPEN_TO_IT or mail.code == "duplicate":
            return mail
        if not mail.stored_as:
            raise CannotReadAgain(f"Mail {pk} is not kept any more.")
        mail.outcome, mail.code, mail.reason, mail.attempts = Outcome.WAITING, "", "", 0
        mail.save(update_fields=["outcome", "code", "reason", "attempts"])
        IncomingMail.objects.filter(pk=pk).update(next_at=TransactionNow())
    return read_now(mail)
