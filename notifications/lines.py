"""The connection to the mail server: it may take its time after a mail, and for nothing else."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

# Servers look for viruses before they answer. Who hangs up meanwhile sends what they have already (RFC 5321 4.5.3.2.6 asks
# for ten minutes; a sender has one, CELERY_TASK_TIME_LIMIT). Every other answer has EMAIL_TIMEOUT.
AFTER_THE_MAIL = 30.0
THE_END = b"\r\n.\r\n"


class Patient:
    """Mixed into smtplib's connections."""

    sock: Any
    timeout: Any

    def send(self, s: Any) -> None:
        super().send(s)  # type: ignore[misc]
        if isinstance(s, bytes) and s.endswith(THE_END):
            self.sock.settimeout(AFTER_THE_MAIL)

    def getreply(self) -> tuple[int, bytes]:
        try:
            return super().getreply()  # type: ignore[misc,no-any-return]
        finally:
            if self.sock is not None:
                self.sock.settimeout(self.timeout)


class PatientSMTP(Patient, smtplib.SMTP):
    pass


class PatientSMTPOverTLS(Patient, smtplib.SMTP_SSL):
    pass


class Backend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return PatientSMTPOverTLS if self.use_ssl else PatientSMTP
