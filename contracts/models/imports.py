"""Files that staff import: what came in, how far it is, what was wrong, and bank lines that match no invoice yet."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from rozoom_support.lib.ids import new_id


class ImportRun(models.Model):
    """One uploaded file from the upload to the end. Read first, written after somebody has seen what it would do."""

    class Kind(models.TextChoices):
        PRICES = "PRICES", "Price list"
        COMPONENTS = "COMPONENTS", "Components"
        PAYMENTS = "PAYMENTS", "Payments"

    class Mode(models.TextChoices):
        ALL = "ALL", "All rows or none"
        GOOD = "GOOD", "Good rows only"

    class State(models.TextChoices):
        CHECKING = "CHECKING", "Being read"
        CHECKED = "CHECKED", "Read, waiting for you"
        QUEUED = "QUEUED", "Waiting to be written"
        WRITING = "WRITING", "Being written"
        DONE = "DONE", "Done"
        REFUSED = "REFUSED", "Refused"
        FAILED = "FAILED", "Failed, nothing was written"
        DROPPED = "DROPPED", "Dropped"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    mode = models.CharField(max_length=4, choices=Mode, default=Mode.ALL)
    state = models.CharField(max_length=8, choices=State, default=State.CHECKING)
    file_name = models.CharField(max_length=160)
    stored_as = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text="Bytes.")
    rows = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0, help_text="Rows gone through in the step that runs now.")
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    preview = models.JSONField(default=dict, blank=True, help_text="What writing it would do: a few rows of each sort.")
    attempts = models.PositiveSmallIntegerField(
        db_default=0, default=0, help_text="How often a process began the step that runs now."
    )
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["PRICES", "COMPONENTS", "PAYMENTS"]), name="import_kind_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=["ALL", "GOOD"]), name="import_mode_known"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["CHECKING", "CHECKED", "QUEUED", "WRITING", "DONE", "REFUSED", "FAILED", "DROPPED"]
                ),
                name="import_state_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"], name="import_to_do", condition=Q(state__in=["CHECKING", "QUEUED", "WRITING"])
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(models.Model):
    """A row of the file that is being gone through, with the columns of all kinds. It lives as long as that transaction; the
    table is unlogged. What follows `outcome` is what the database says about it."""

    pk = models.CompositePrimaryKey("run_id", "line")
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    line = models.PositiveIntegerField()
    key = models.UUIDField(help_text="What a new record made of this row is called.")
    is_bad = models.BooleanField(help_text="A cell can not be read. The others are kept, to judge the file as a whole.")
    customer = models.TextField(null=True)
    site = models.TextField(null=True)
    product = models.TextField(null=True)
    serial = models.TextField(null=True)
    serial_normal = models.TextField(null=True)
    location = models.TextField(null=True)
    zone = models.TextField(null=True)
    currency = models.TextField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    payer = models.TextField(null=True)
    text = models.TextField(null=True)
    reference = models.TextField(null=True)
    outcome = models.CharField(max_length=7, db_default="new", help_text="new, changed, same or bad.")
    found_id = models.UUIDField(null=True, help_text="The record there is already.")
    found_product = models.UUIDField(null=True)
    found_site = models.UUIDField(null=True)
    found_owner = models.BigIntegerField(null=True, help_text="The customer.")
    found_seller = models.BigIntegerField(null=True, help_text="The customer's reseller.")
    old_site = models.UUIDField(null=True)
    old_text = models.TextField(null=True)
    old_day = models.DateField(null=True)
    old_amount = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    new_text = models.TextField(null=True)
    new_day = models.DateField(null=True)
    is_move = models.BooleanField(db_default=False)
    makes_warranty = models.BooleanField(db_default=False)
    fingerprint = models.CharField(max_length=64, null=True)

    def __str__(self) -> str:
        return f"line {self.line}"


class ImportProblem(models.Model):
    """What is wrong with one cell or row of a file."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="problems")
    line = models.PositiveIntegerField(help_text="As a spreadsheet counts: the heading is line 1.")
    column = models.CharField(max_length=60, blank=True)
    value = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering: ClassVar = ["line", "id"]

    def __str__(self) -> str:
        return f"{self.line}: {self.reason}"


class BankLine(models.Model):
    """One line of a bank's export. Booked on the invoice it names, or kept until a person says what it is."""

    class State(models.TextChoices):
        MATCHED = "MATCHED", "Booked"
        UNMATCHED = "UNMATCHED", "Not matched"
        SET_ASIDE = "SET_ASIDE", "Set aside"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="bank_lines")
    line = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64, help_text="The same line of the same bank, imported again, is one.")
    booked_on = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    currency = models.CharField(max_length=3)
    payer = models.CharField(max_length=160, blank=True)
    text = models.CharField(max_length=300, blank=True)
    reference = models.CharField(max_length=120, blank=True, help_text="The bank's own name of the line.")
    state = models.CharField(max_length=9, choices=State)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is not matched, or was set aside.")
    invoice_number = models.CharField(max_length=20, blank=True)
    settled_by_name = models.CharField(max_length=120, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fingerprint"], name="bank_line_once"),
            models.CheckConstraint(
                condition=Q(state__in=["MATCHED", "UNMATCHED", "SET_ASIDE"]), name="bank_line_state_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["booked_on"], name="bank_line_open", condition=Q(state="UNMATCHED")),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on}: {self.amount} {self.currency}"
