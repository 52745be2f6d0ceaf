import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import rozoom_support.lib.ids
import rozoom_support.lib.zones
from tenancy.operations import ALL, READ_WRITE, TenantKey, TenantPolicies

# The context a unit of work sets, as functions that policies call once per statement. No context is an error, never all rows.
SCHEMA = """
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO rozoom_app, rozoom_customer, rozoom_reseller, rozoom_supplier, rozoom_staff, rozoom_worker;
CREATE FUNCTION app.current_org() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE v text := current_setting('app.org', true);
BEGIN
  IF v IS NULL OR v = '' THEN RAISE EXCEPTION 'no tenant context' USING ERRCODE = '42501'; END IF;
  RETURN v::bigint;
END $$;
CREATE FUNCTION app.current_person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT nullif(current_setting('app.person', true), '')::bigint
$$;
-- Tables: nothing by default, so a table nobody declared is closed.
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES
  TO rozoom_app, rozoom_customer, rozoom_reseller, rozoom_supplier, rozoom_staff, rozoom_worker;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.current_org(), app.current_person()
  TO rozoom_customer, rozoom_reseller, rozoom_supplier, rozoom_staff, rozoom_worker, rozoom_owner;
"""
SCHEMA_BACK = """
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON SEQUENCES
  FROM rozoom_app, rozoom_customer, rozoom_reseller, rozoom_supplier, rozoom_staff, rozoom_worker;
DROP SCHEMA app CASCADE;
"""

# A customer may know the name of the one reseller that serves it.
RESELLER = """
CREATE FUNCTION app.current_reseller() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT reseller_id FROM public.tenancy_organisation WHERE id = app.current_org()
$$;
GRANT EXECUTE ON FUNCTION app.current_reseller() TO rozoom_customer, rozoom_owner;
"""
RESELLER_BACK = "DROP FUNCTION app.current_reseller()"

# The only way to write an audit event. It runs as the owner, so the tenant filter stands in it.
AUDIT = """
CREATE FUNCTION app.audit_hash(previous text, chain text, seq bigint, kind text, at timestamptz, verb text, actor_kind text,
    actor_party text, actor_name text, person bigint, data jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(previous, chain, seq, kind, extract(epoch FROM at), verb, actor_kind,
    actor_party, actor_name, person, data)::text, 'UTF8')), 'hex')
$$;
CREATE FUNCTION app.audit(p_customer bigint, p_chain text, p_kind text, p_verb text, p_actor_kind text, p_actor_party text,
    p_actor_name text, p_person bigint, p_data jsonb, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  v_role text := current_setting('role');
  v_reseller bigint;
  v_previous text;
  v_seq bigint;
  v_hash text;
BEGIN
  SELECT reseller_id INTO STRICT v_reseller FROM tenancy_organisation WHERE id = p_customer;
  IF (v_role IN ('rozoom_customer', 'rozoom_supplier') AND p_customer <> app.current_org())
     OR (v_role = 'rozoom_reseller' AND app.current_org() NOT IN (p_customer, coalesce(v_reseller, p_customer)))
     OR (v_role = 'none' AND p_chain NOT LIKE 'organisation:%') THEN
    RAISE EXCEPTION 'audit event of another tenant' USING ERRCODE = '42501';
  END IF;
  INSERT INTO tenancy_audithead (customer_id, reseller_id, chain, seq, hash)
    VALUES (p_customer, v_reseller, p_chain, 0, '') ON CONFLICT (customer_id, chain) DO NOTHING;
  SELECT seq + 1, hash INTO v_seq, v_previous FROM tenancy_audithead
    WHERE customer_id = p_customer AND chain = p_chain FOR UPDATE;
  v_hash := app.audit_hash(v_previous, p_chain, v_seq, p_kind, p_at, p_verb, p_actor_kind, p_actor_party, p_actor_name,
    p_person, p_data);
  INSERT INTO tenancy_auditevent (customer_id, reseller_id, chain, seq, kind, at, verb, actor_kind, actor_party, actor_name,
    person_id, data, previous, hash)
    VALUES (p_customer, v_reseller, p_chain, v_seq, p_kind, p_at, p_verb, p_actor_kind, p_actor_party, p_actor_name,
    p_person, p_data, v_previous, v_hash);
  UPDATE tenancy_audithead SET seq = v_seq, hash = v_hash WHERE customer_id = p_customer AND chain = p_chain;
  RETURN v_seq;
END $$;
GRANT EXECUTE ON FUNCTION app.audit(bigint, text, text, text, text, text, text, bigint, jsonb, timestamptz)
  TO rozoom_app, rozoom_customer, rozoom_reseller, rozoom_supplier, rozoom_staff, rozoom_worker, rozoom_owner;
GRANT EXECUTE ON FUNCTION app.audit_hash(text, text, bigint, text, timestamptz, text, text, text, text, bigint, jsonb)
  TO rozoom_staff, rozoom_worker, rozoom_owner;
"""
AUDIT_BACK = """
DROP FUNCTION app.audit(bigint, text, text, text, text, text, text, bigint, jsonb, timestamptz);
DROP FUNCTION app.audit_hash(text, text, bigint, text, timestamptz, text, text, text, text, bigint, jsonb);
"""

READ = "SELECT"
BY_ORGANISATION = {"customer": "organisation_id", "reseller": "organisation_id", "supplier": "organisation_id"}
STAFF_ONLY = {"customer": None, "reseller": None}
EVENT_KINDS = {"customer": ["public"], "reseller": ["public", "partner"]}

WALL = [
    TenantPolicies(
        "organisation",
        customer="id = (SELECT app.current_org()) OR id = (SELECT app.current_reseller())",
        reseller="id = (SELECT app.current_org()) OR reseller_id = (SELECT app.current_org())",
        supplier="id = (SELECT app.current_org())",
        customer_grant=READ,
        reseller_grant=READ,
        supplier_grant=READ,
        worker_grant=READ,
        login=READ,
    ),
    TenantPolicies("person", **STAFF_ONLY, worker_grant=READ, login=READ_WRITE),
    TenantPolicies("membership", **BY_ORGANISATION, supplier_grant=READ, worker_grant=READ, login=READ_WRITE),
    TenantPolicies("team", **STAFF_ONLY, worker_grant=READ),
    TenantPolicies("teammember", **STAFF_ONLY, staff_grant=ALL, worker_grant=READ),
    TenantPolicies("invitation", **BY_ORGANISATION, worker_grant="SELECT, DELETE", login="SELECT, UPDATE"),
    TenantPolicies("apitoken", **BY_ORGANISATION, worker_grant=READ, login="SELECT, UPDATE"),
    TenantPolicies("donedeed", **BY_ORGANISATION, supplier_grant=READ_WRITE, worker_grant=ALL),
    TenantPolicies(
        "auditevent",
        kinds=EVENT_KINDS,
        customer_grant=READ,
        reseller_grant=READ,
        staff_grant=READ,
        worker_grant=READ,
    ),
    TenantPolicies("audithead", **STAFF_ONLY, staff_grant=READ, worker_grant=READ),
    TenantKey("auditevent"),
    TenantKey("audithead"),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = []
    run_before = [("contenttypes", "0001_initial")]
    operations = [
        migrations.RunSQL(SCHEMA, SCHEMA_BACK),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("name", models.CharField(max_length=120)),
                ("is_active", models.BooleanField(default=True)),
                ("preferences", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "people",
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="person_email_taken")
                ],
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("CUSTOMER", "Customer"),
                            ("RESELLER", "Reseller"),
                            ("SUPPLIER", "Supplier"),
                            ("OPERATOR", "roZoom"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="Stands in ticket numbers: ACME-42.",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z][A-Z0-9]{1,11}$",
                                "Use 2 to 12 capital letters and digits, beginning with a letter.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[rozoom_support.lib.zones.validate_time_zone]
                    ),
                ),
                (
                    "mail_domains",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253), blank=True, default=list, size=None
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "reseller",
                    models.ForeignKey(
                        blank=True,
                        help_text="Customers only.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="served",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("member", "Member"),
                            ("customer-administrator", "Administrator"),
                            ("reseller-agent", "Agent"),
                            ("reseller-manager", "Manager"),
                            ("clerk", "Clerk"),
                            ("agent", "Agent"),
                            ("coordinator", "Coordinator"),
                            ("finance", "Finance"),
                            ("duty-manager", "Duty manager"),
                            ("administrator", "Administrator"),
                        ],
                        max_length=24,
                    ),
                ),
                ("person_name", models.CharField(max_length=120)),
                ("person_email", models.EmailField(max_length=254)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("member", "Member"),
                            ("customer-administrator", "Administrator"),
                            ("reseller-agent", "Agent"),
                            ("reseller-manager", "Manager"),
                            ("clerk", "Clerk"),
                            ("agent", "Agent"),
                            ("coordinator", "Coordinator"),
                            ("finance", "Finance"),
                            ("duty-manager", "Duty manager"),
                            ("administrator", "Administrator"),
                        ],
                        max_length=24,
                    ),
                ),
                ("secret_hash", models.CharField(max_length=64)),
                ("invited_by_name", models.CharField(max_length=120)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DoneDeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("door", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=200)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("reply", models.JSONField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=80)),
                ("seq", models.PositiveIntegerField()),
                ("hash", models.CharField(max_length=64)),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(help_text="What the deed was done to: ticket:42.", max_length=80)),
                ("seq", models.PositiveIntegerField()),
                ("kind", models.CharField(help_text="Who may read it: public, partner or internal.", max_length=8)),
                ("at", models.DateTimeField()),
                ("verb", models.CharField(max_length=60)),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_party", models.CharField(max_length=10)),
                ("actor_name", models.CharField(max_length=160)),
                ("person_id", models.BigIntegerField(null=True)),
                ("data", models.JSONField(default=dict)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("prefix", models.CharField(help_text="The part that may be shown.", max_length=12)),
                ("secret_hash", models.CharField(max_length=64)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                ("created_by_name", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tokens", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
                        to="tenancy.membership",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TeamMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("membership", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="tenancy.membership")),
                ("team", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="tenancy.team")),
            ],
        ),
        migrations.AddField(
            model_name="team",
            name="members",
            field=models.ManyToManyField(related_name="teams", through="tenancy.TeamMember", to="tenancy.membership"),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Upper("code"), name="organisation_code_taken"
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(fields=("id", "reseller"), name="organisation_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "OPERATOR")), fields=("kind",), name="organisation_only_one_operator"
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "CUSTOMER"), ("reseller__isnull", False)),
                    models.Q(models.Q(("kind", "CUSTOMER"), _negated=True), ("reseller__isnull", True)),
                    _connector="OR",
                ),
                name="organisation_customers_have_a_reseller_or_rozoom",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["CUSTOMER", "RESELLER", "SUPPLIER", "OPERATOR"])),
                name="organisation_kind_known",
            ),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["person"], name="membership_person"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=("organisation", "person"), name="membership_once_per_organisation"
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["organisation", "email"], name="invitation_organisation_email"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(fields=("secret_hash",), name="invitation_secret_unique"),
        ),
        migrations.AddIndex(
            model_name="donedeed",
            index=models.Index(fields=["created_at"], name="done_deed_age"),
        ),
        migrations.AddConstraint(
            model_name="donedeed",
            constraint=models.UniqueConstraint(fields=("organisation", "door", "key"), name="deed_done_once"),
        ),
        migrations.AddConstraint(
            model_name="audithead",
            constraint=models.UniqueConstraint(fields=("customer", "chain"), name="audit_one_head_per_chain"),
        ),
        migrations.AddConstraint(
            model_name="auditevent",
            constraint=models.UniqueConstraint(fields=("customer", "chain", "seq"), name="audit_one_event_per_place"),
        ),
        migrations.AddIndex(
            model_name="apitoken",
            index=models.Index(fields=["organisation"], name="token_organisation"),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.UniqueConstraint(fields=("secret_hash",), name="token_secret_unique"),
        ),
        migrations.AddConstraint(
            model_name="teammember",
            constraint=models.UniqueConstraint(fields=("team", "membership"), name="team_member_once"),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower("name"), name="team_name_taken"),
        ),
        migrations.RunSQL(RESELLER, RESELLER_BACK),
        migrations.RunSQL(AUDIT, AUDIT_BACK),
        *WALL,
    ]
