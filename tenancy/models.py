"""Organisations, people and what they may do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Upper

from rozoom_support.lib.ids import new_id
from rozoom_support.lib.zones import validate_time_zone

CODE = RegexValidator(r"^[A-Z][A-Z0-9]{1,11}$", "Use 2 to 12 capital letters and digits, beginning with a letter.")


class Kind(models.TextChoices):
    CUSTOMER = "CUSTOMER", "Customer"
    RESELLER = "RESELLER", "Reseller"
    SUPPLIER = "SUPPLIER", "Supplier"
    OPERATOR = "OPERATOR", "roZoom"


class Role(models.TextChoices):
    MEMBER = "member", "Member"
    CUSTOMER_ADMINISTRATOR = "customer-administrator", "Administrator"
    RESELLER_AGENT = "reseller-agent", "Agent"
    RESELLER_MANAGER = "reseller-manager", "Manager"
    CLERK = "clerk", "Clerk"
    AGENT = "agent", "Agent"
    COORDINATOR = "coordinator", "Coordinator"
    FINANCE = "finance", "Finance"
    DUTY_MANAGER = "duty-manager", "Duty manager"
    ADMINISTRATOR = "administrator", "Administrator"


ROLES_OF_KIND: dict[str, tuple[Role, ...]] = {
    Kind.CUSTOMER: (Role.MEMBER, Role.CUSTOMER_ADMINISTRATOR),
    Kind.RESELLER: (Role.RESELLER_AGENT, Role.RESELLER_MANAGER),
    Kind.SUPPLIER: (Role.CLERK,),
    Kind.OPERATOR: (Role.AGENT, Role.COORDINATOR, Role.FINANCE, Role.DUTY_MANAGER, Role.ADMINISTRATOR),
}
AUDIENCE_OF_KIND = {
    Kind.CUSTOMER: "customer",
    Kind.RESELLER: "reseller",
    Kind.SUPPLIER: "supplier",
    Kind.OPERATOR: "staff",
}


class Organisation(models.Model):
    """A tenant. A customer sold to directly has roZoom itself as its reseller, so the tenant key is never empty."""

    kind = models.CharField(max_length=10, choices=Kind)
    code = models.CharField(max_length=12, validators=[CODE], help_text="Stands in ticket numbers: ACME-42.")
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    mail_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    reseller = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="served", help_text="Customers only."
    )
    is_active = models.BooleanField(default=True)
    consents_to_raises = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Resellers only: a severity that is raised needs no answer of theirs.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Upper("code"), name="organisation_code_taken"),
            models.UniqueConstraint(fields=["id", "reseller"], name="organisation_tenant_key"),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(kind=Kind.OPERATOR), name="organisation_only_one_operator"
            ),
            models.CheckConstraint(
                condition=models.Q(kind=Kind.CUSTOMER, reseller__isnull=False)
                | (~models.Q(kind=Kind.CUSTOMER) & models.Q(reseller__isnull=True)),
                name="organisation_customers_have_a_reseller_or_rozoom",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="organisation_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audience(self) -> str:
        return AUDIENCE_OF_KIND[Kind(self.kind)]

    @property
    def served_by(self) -> Organisation:
        """Of a customer: its reseller, or roZoom where it buys directly. The database holds that there always is one."""
        return cast("Organisation", self.reseller)

    @property
    def served_by_id(self) -> int:
        return cast("int", self.reseller_id)


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=email.strip().lower(), **fields)  # sign-in looks addresses up in small letters
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Someone who signs in once and belongs to one or more organisations. What they may do comes from the membership."""

    email = models.EmailField("e-mail address")
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    preferences = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    # The membership that is in force for this request, set at the door (tenancy/middleware.py).
    active_membership: Membership | None = None

    class Meta:
        verbose_name_plural = "people"
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="person_email_taken")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    get_short_name = get_full_name

    @property
    def is_staff(self) -> bool:
        """Django's word for "may open the admin": a roZoom membership is in force."""
        membership = self.active_membership
        return membership is not None and membership.organisation.kind == Kind.OPERATOR

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Operators may look; administrators and duty managers may also add and change. Nobody deletes."""
        if not (self.is_active and self.is_staff and self.active_membership):
            return False
        action = perm.rpartition(".")[2].partition("_")[0]
        if action == "view":
            return True
        return action in {"add", "change"} and self.active_membership.role in {Role.ADMINISTRATOR, Role.DUTY_MANAGER}

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


class Membership(models.Model):
    """A person's role in an organisation. Name and address are copied, so that tenants never read the people table."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=24, choices=Role)
    person_name = models.CharField(max_length=120)
    person_email = models.EmailField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "person"], name="membership_once_per_organisation")
        ]
        indexes: ClassVar = [models.Index(fields=["person"], name="membership_person")]

    def __str__(self) -> str:
        return f"{self.person_name}, {self.organisation}"

    @property
    def role_label(self) -> str:
        return Role(self.role).label


class Team(models.Model):
    """A roZoom team that shares tickets. Its lead is told when a promise is three quarters gone."""

    name = models.CharField(max_length=120)
    lead = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads")
    members = models.ManyToManyField(Membership, through="TeamMember", related_name="teams")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("name"), name="team_name_taken")]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "membership"], name="team_member_once")]

    def __str__(self) -> str:
        return f"{self.membership} in {self.team}"


class Invitation(models.Model):
    """A way in for one address, mailed once; only the hash of its secret is stored."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True, help_text="Filled in for them on the first page they see.")
    role = models.CharField(max_length=24, choices=Role)
    secret_hash = models.CharField(max_length=64)
    invited_by_name = models.CharField(max_length=120)
    sends = models.PositiveSmallIntegerField(default=1, db_default=1, help_text="How often it went out.")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["secret_hash"], name="invitation_secret_unique"),
            models.UniqueConstraint(
                "organisation",
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_one_open_per_address",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "email"], name="invitation_organisation_email")]

    def __str__(self) -> str:
        return f"{self.email} to {self.organisation}"

    @property
    def role_label(self) -> str:
        return Role(self.role).label

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at


class ApiToken(models.Model):
    """A program's key to its organisation. Random, so a plain SHA-256 look-up is right."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, help_text="The part that may be shown.")
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40))
    created_by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        constraints: ClassVar = [models.UniqueConstraint(fields=["secret_hash"], name="token_secret_unique")]
        indexes: ClassVar = [models.Index(fields=["organisation"], name="token_organisation")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_usable(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class DoneDeed(models.Model):
    """A request that was carried out, so that the same request again is answered, not repeated (docs/api.md).

    `door` names who asked ("token:<id>", "person:<id>:<organisation>"); `key` is theirs. The unique constraint makes the
    second of two simultaneous requests wait for the first one's commit.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    door = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    reply = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "door", "key"], name="deed_done_once")]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="done_deed_age")]

    def __str__(self) -> str:
        return f"{self.door} {self.key}"


class TenantQuerySet(models.QuerySet):
    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        objs = list(objs)
        for obj in objs:
            obj.copy_tenant()
        return super().bulk_create(objs, *args, **kwargs)


class TenantModel(models.Model):
    """A row that belongs to one customer. It carries the customer and its reseller, copied from `tenant_parent`."""

    tenant_parent: ClassVar[str] = "customer"
    customer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    reseller = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", editable=False
    )
    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    def copy_tenant(self) -> None:
        if self.customer_id is not None and self.reseller_id is not None:
            return
        parent = getattr(self, self.tenant_parent)
        self.customer_id = parent.pk if self.tenant_parent == "customer" else parent.customer_id
        self.reseller_id = parent.reseller_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.copy_tenant()
        super().save(*args, **kwargs)


class AuditEvent(models.Model):
    """One deed: who, what, when, why. Written by app.audit() only; append-only; chained by hash (docs/adr/0014)."""

    customer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    reseller = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    chain = models.CharField(max_length=80, help_text="What the deed was done to: ticket:42.")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, help_text="Who may read it: public, partner or internal.")
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=10)
    actor_party = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=160)
    person_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "chain", "seq"], name="audit_one_event_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.chain} #{self.seq} {self.verb}"


class AuditHead(models.Model):
    """The last link of each chain, so that a chain cut short at its end is noticed. Nobody but app.audit() writes it."""

    customer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    reseller = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    chain = models.CharField(max_length=80)
    seq = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer", "chain"], name="audit_one_head_per_chain")]

    def __str__(self) -> str:
        return f"{self.chain} at {self.seq}"
