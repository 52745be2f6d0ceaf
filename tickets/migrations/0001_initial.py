import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

import rozoom_support.lib.ids
from tenancy.operations import ALL, TenantKey, TenantPolicies

READ = "SELECT"
WRITE_ONCE = "SELECT, INSERT"
NOTE_KINDS = {"customer": ["public"], "reseller": ["public", "partner"]}

# Full-text match is not leakproof, so under a policy it could not use its index: the tenant filter stands in here, and the
# ids that come out are read again under the policy (docs/architecture.md, "The wall between tenants").
SEARCH = """
CREATE FUNCTION app.search_tickets(p_words text, p_serial text, p_cap integer) RETURNS TABLE (id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  v_role text := current_setting('role');
  v_customer bigint;
  v_reseller bigint;
  v_kinds text[] := ARRAY['public', 'partner', 'internal'];
  v_query tsquery := websearch_to_tsquery('english', p_words) || websearch_to_tsquery('simple', p_words);
BEGIN
  IF v_role = 'rozoom_customer' THEN
    v_customer := app.current_org(); v_kinds := ARRAY['public'];
  ELSIF v_role = 'rozoom_reseller' THEN
    v_reseller := app.current_org(); v_kinds := ARRAY['public', 'partner'];
  ELSIF v_role NOT IN ('rozoom_staff', 'rozoom_worker') THEN
    RAISE EXCEPTION 'no tenant context' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
  WITH hits AS MATERIALIZED (
    SELECT t.id FROM tickets_ticket t WHERE t.search @@ v_query
      AND (v_customer IS NULL OR t.customer_id = v_customer) AND (v_reseller IS NULL OR t.reseller_id = v_reseller)
    UNION
    SELECT m.ticket_id FROM tickets_message m WHERE m.search @@ v_query AND m.kind = ANY (v_kinds)
      AND (v_customer IS NULL OR m.customer_id = v_customer) AND (v_reseller IS NULL OR m.reseller_id = v_reseller)
    UNION
    SELECT t.id FROM contracts_component c JOIN tickets_ticket t ON t.component_id = c.id WHERE c.serial_normal = p_serial
      AND (v_customer IS NULL OR t.customer_id = v_customer) AND (v_reseller IS NULL OR t.reseller_id = v_reseller)
  )
  SELECT h.id FROM hits h ORDER BY h.id DESC LIMIT p_cap;
END $$;
GRANT EXECUTE ON FUNCTION app.search_tickets(text, text, integer)
  TO rozoom_customer, rozoom_reseller, rozoom_staff, rozoom_worker;
"""
SEARCH_BACK = "DROP FUNCTION app.search_tickets(text, text, integer)"

WALL = [
    TenantPolicies("ticketcounter"),
    TenantPolicies("ticket"),
    TenantPolicies(
        "message",
        kinds=NOTE_KINDS,
        customer_grant=WRITE_ONCE,
        reseller_grant=WRITE_ONCE,
        staff_grant=WRITE_ONCE,
        worker_grant=WRITE_ONCE,
    ),
    TenantPolicies("attachment", kinds=NOTE_KINDS, customer_grant=ALL, reseller_grant=ALL, staff_grant=ALL),
    TenantPolicies(
        "ticketdraft", own="person_id", customer_grant=ALL, reseller_grant=ALL, staff_grant=ALL, worker_grant=ALL
    ),
    TenantPolicies(
        "replydraft", own="person_id", customer_grant=ALL, reseller_grant=ALL, staff_grant=ALL, worker_grant=ALL
    ),
    *[TenantKey(name) for name in ("ticketcounter", "ticket", "message", "attachment", "ticketdraft", "replydraft")],
    TenantKey("ticket", "component", "contracts.Component"),
    TenantKey("ticket", "site", "contracts.Site"),
    TenantKey("ticket", "merged_into", "tickets.Ticket"),
    TenantKey("message", "ticket", "tickets.Ticket"),
    TenantKey("attachment", "ticket", "tickets.Ticket"),
    TenantKey("attachment", "message", "tickets.Message"),
    TenantKey("attachment", "draft", "tickets.TicketDraft", on_delete="CASCADE"),
    TenantKey("replydraft", "ticket", "tickets.Ticket", on_delete="CASCADE"),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("contracts", "0001_initial"),
        ("tenancy", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("NEW", "New"),
                            ("OPEN", "Open"),
                            ("WAITING", "Waiting"),
                            ("RESOLVED", "Resolved"),
                            ("CLOSED", "Closed"),
                            ("MERGED", "Merged"),
                            ("WITHDRAWN", "Withdrawn"),
                        ],
                        default="NEW",
                        max_length=9,
                        protected=True,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("reference", models.CharField(help_text="ACME-42: what people say on the phone.", max_length=24)),
                ("subject", models.CharField(max_length=200)),
                ("description", models.TextField()),
                ("error_code", models.CharField(blank=True, max_length=80)),
                (
                    "service_kind",
                    models.CharField(
                        choices=[
                            ("problem", "Problem management"),
                            ("diagnosis", "Troubleshooting and diagnosis"),
                            ("hardware", "Hardware maintenance"),
                            ("software", "Software maintenance"),
                        ],
                        default="problem",
                        max_length=9,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("portal", "Portal"), ("email", "E-mail"), ("api", "API"), ("phone", "Phone")],
                        max_length=6,
                    ),
                ),
                (
                    "turn",
                    models.CharField(
                        choices=[
                            ("rozoom", "roZoom"),
                            ("customer", "Customer"),
                            ("reseller", "Reseller"),
                            ("supplier", "Supplier"),
                        ],
                        default="rozoom",
                        max_length=8,
                    ),
                ),
                (
                    "impact",
                    models.JSONField(
                        help_text="The customer's four answers; empty when they were never asked.", null=True
                    ),
                ),
                ("severity", models.PositiveSmallIntegerField()),
                (
                    "severity_state",
                    models.CharField(
                        choices=[("provisional", "Provisional"), ("agreed", "Agreed")],
                        default="provisional",
                        max_length=11,
                    ),
                ),
                ("severity_because", models.CharField(max_length=300)),
                (
                    "severity_doubt",
                    models.TextField(blank=True, help_text="Why the customer thinks the proposed severity is wrong."),
                ),
                ("site_contact", models.CharField(blank=True, max_length=160)),
                ("access_hours", models.CharField(blank=True, max_length=160)),
                ("reporter_name", models.CharField(max_length=160)),
                ("reporter_email", models.EmailField(blank=True, max_length=254)),
                ("reporter_party", models.CharField(default="customer", max_length=10)),
                ("assignee_name", models.CharField(blank=True, max_length=160)),
                ("assignee_party", models.CharField(blank=True, max_length=10)),
                ("assigned_at", models.DateTimeField(null=True)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("reported_at", models.DateTimeField()),
                ("response_due_at", models.DateTimeField(null=True)),
                ("response_outcome", models.CharField(blank=True, max_length=10)),
                ("response_stopped_at", models.DateTimeField(null=True)),
                ("clock_due_at", models.DateTimeField(null=True)),
                ("last_customer_message_at", models.DateTimeField()),
                ("last_message_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("resolution", models.TextField(blank=True)),
                (
                    "external_reference",
                    models.CharField(blank=True, help_text="The number in the system it came from.", max_length=80),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("updated_at", models.DateTimeField()),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.SearchVector(
                                "reference", "external_reference", "reporter_name", config="simple"
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector(
                                "subject", "description", "error_code", config="english"
                            ),
                            django.contrib.postgres.search.SearchConfig("simple"),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="contracts.component",
                    ),
                ),
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
                    "merged_into",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="tickets.ticket",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="contracts.site",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.team",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReplyDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("public", "Public reply"),
                            ("partner", "Partner note"),
                            ("internal", "Internal note"),
                        ],
                        max_length=8,
                    ),
                ),
                ("body", models.TextField()),
                ("updated_at", models.DateTimeField()),
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
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tickets.ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("public", "Public reply"),
                            ("partner", "Partner note"),
                            ("internal", "Internal note"),
                        ],
                        max_length=8,
                    ),
                ),
                ("body", models.TextField()),
                ("author_name", models.CharField(max_length=160)),
                ("author_party", models.CharField(max_length=10)),
                ("author_organisation", models.CharField(max_length=120)),
                (
                    "channel",
                    models.CharField(
                        choices=[("portal", "Portal"), ("email", "E-mail"), ("api", "API"), ("phone", "Phone")],
                        max_length=6,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.SearchVector("body", config="english"),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="tickets.ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TicketCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last", models.PositiveIntegerField(default=0)),
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
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TicketDraft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("answers", models.JSONField(default=dict)),
                ("updated_at", models.DateTimeField()),
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
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("public", "Public reply"),
                            ("partner", "Partner note"),
                            ("internal", "Internal note"),
                        ],
                        default="public",
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=120)),
                ("size", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("stored_as", models.CharField(max_length=120)),
                ("author_name", models.CharField(max_length=160)),
                ("created_at", models.DateTimeField()),
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
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="tickets.message",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="tickets.ticket",
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="tickets.ticketdraft",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("clock_due_at"),
                models.F("last_customer_message_at"),
                models.F("id"),
                condition=models.Q(("state__in", ["NEW", "OPEN", "WAITING"])),
                name="ticket_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("customer"),
                models.F("clock_due_at"),
                models.F("last_customer_message_at"),
                models.F("id"),
                condition=models.Q(("state__in", ["NEW", "OPEN", "WAITING"])),
                name="ticket_queue_customer",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("reseller"),
                models.F("clock_due_at"),
                models.F("last_customer_message_at"),
                models.F("id"),
                condition=models.Q(("state__in", ["NEW", "OPEN", "WAITING"])),
                name="ticket_queue_reseller",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("assignee"),
                models.F("clock_due_at"),
                models.F("last_customer_message_at"),
                models.F("id"),
                condition=models.Q(("state__in", ["NEW", "OPEN", "WAITING"])),
                name="ticket_queue_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["reported_at", "id"], name="ticket_reported"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["customer", "reported_at", "id"], name="ticket_customer_reported"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["reseller", "reported_at", "id"], name="ticket_reseller_reported"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["reference"], name="ticket_reference"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("component__isnull", False)), fields=["component"], name="ticket_component"
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="ticket_search"),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(fields=("customer", "number"), name="ticket_number_taken"),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="ticket_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_reference", ""), _negated=True),
                fields=("customer", "external_reference"),
                name="ticket_external_reference_taken",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", [1, 2, 3])), name="ticket_severity_is_1_2_or_3"
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["NEW", "OPEN", "WAITING", "RESOLVED", "CLOSED", "MERGED", "WITHDRAWN"])
                ),
                name="ticket_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("turn__in", ["rozoom", "customer", "reseller", "supplier"])),
                name="ticket_turn_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "MERGED"), _negated=True), ("merged_into__isnull", False), _connector="OR"
                ),
                name="ticket_merged_into_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="replydraft",
            constraint=models.UniqueConstraint(
                fields=("customer", "ticket", "person", "kind"), name="reply_draft_one_per_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="replydraft",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["public", "partner", "internal"])), name="reply_draft_kind_known"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["customer", "ticket", "created_at"], name="message_of_ticket"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["ticket", "created_at"], name="message_by_ticket"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="message_search"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="message_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["public", "partner", "internal"])), name="message_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketcounter",
            constraint=models.UniqueConstraint(fields=("customer",), name="ticket_counter_one_per_customer"),
        ),
        migrations.AddIndex(
            model_name="ticketdraft",
            index=models.Index(fields=["customer", "person"], name="ticket_draft_of_person"),
        ),
        migrations.AddConstraint(
            model_name="ticketdraft",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="ticket_draft_tenant_key"),
        ),
        migrations.AddIndex(
            model_name="attachment",
            index=models.Index(fields=["ticket"], name="attachment_of_ticket"),
        ),
        migrations.AddIndex(
            model_name="attachment",
            index=models.Index(fields=["draft"], name="attachment_of_draft"),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="attachment_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["public", "partner", "internal"])), name="attachment_kind_known"
            ),
        ),
        *WALL,
        migrations.RunSQL(SEARCH, SEARCH_BACK),
    ]
