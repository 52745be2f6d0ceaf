from decimal import Decimal

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.expressions
import django_fsm
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import rozoom_support.lib.ids
from tenancy.operations import TenantKey, TenantPolicies

READ = {"customer_grant": "SELECT", "reseller_grant": "SELECT", "worker_grant": "SELECT"}
ADD = {**READ, "staff_grant": "SELECT, INSERT"}  # rows that are only ever added
BY_JOBS = {**READ, "worker_grant": "SELECT, UPDATE"}  # a job writes down what a date has changed
WALL = [
    TenantPolicies("componentmove", **ADD),
    TenantPolicies("warrantycoverage", **BY_JOBS),
    TenantPolicies("supportagreement", **READ),
    TenantPolicies("agreementterm", **BY_JOBS),
    TenantPolicies("agreementline", **READ),
    TenantPolicies("paymentattestation", **ADD),
    TenantPolicies("invoice", **BY_JOBS),
    TenantPolicies("invoiceline", **{**READ, "staff_grant": "SELECT, INSERT, UPDATE, DELETE"}),
    TenantPolicies("payment", **ADD),
    *(
        TenantKey(model)
        for model in (
            "componentmove",
            "warrantycoverage",
            "supportagreement",
            "agreementterm",
            "agreementline",
            "paymentattestation",
            "invoice",
            "invoiceline",
            "payment",
        )
    ),
    TenantKey("componentmove", "component", "contracts.Component"),
    TenantKey("componentmove", "from_site", "contracts.Site"),
    TenantKey("componentmove", "to_site", "contracts.Site"),
    TenantKey("warrantycoverage", "component", "contracts.Component"),
    TenantKey("agreementterm", "agreement", "contracts.SupportAgreement"),
    TenantKey("agreementterm", "predecessor", "contracts.AgreementTerm"),
    TenantKey("agreementline", "term", "contracts.AgreementTerm"),
    TenantKey("agreementline", "component", "contracts.Component"),
    TenantKey("paymentattestation", "term", "contracts.AgreementTerm"),
    TenantKey("invoice", "term", "contracts.AgreementTerm"),
    TenantKey("invoiceline", "invoice", "contracts.Invoice"),
    TenantKey("payment", "invoice", "contracts.Invoice"),
    TenantKey("payment", "reverses", "contracts.Payment"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0001_initial"),
        ("tenancy", "0002_invitation_name_and_withdrawal"),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="InvoiceNumber",
            fields=[
                ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="product",
            name="end_of_sale",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="end_of_support",
            field=models.DateField(blank=True, help_text="The last day roZoom supports it.", null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="has_media",
            field=models.BooleanField(
                default=False, help_text="A failed part asks what to do with its data.", verbose_name="keeps data"
            ),
        ),
        migrations.CreateModel(
            name="AgreementTerm",
            fields=[
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("DRAFT", "Draft"),
                            ("QUOTED", "Quoted"),
                            ("QUOTE_EXPIRED", "Quote expired"),
                            ("ORDERED", "Ordered"),
                            ("CANCELLED", "Cancelled"),
                            ("IN_FORCE", "In force"),
                            ("SUSPENDED", "Suspended"),
                            ("GRACE", "In grace"),
                            ("LAPSED", "Lapsed"),
                            ("RENEWED", "Renewed"),
                            ("REINSTATED", "Reinstated"),
                            ("TERMINATED", "Terminated"),
                        ],
                        default="DRAFT",
                        max_length=13,
                        protected=True,
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("INITIAL", "First term"), ("RENEWAL", "Renewal"), ("REINSTATEMENT", "Reinstatement")],
                        default="INITIAL",
                        max_length=13,
                    ),
                ),
                ("start_date", models.DateField()),
                ("end_date", models.DateField()),
                ("rate", models.DecimalField(decimal_places=4, default=Decimal("0.2000"), max_digits=5)),
                ("revision", models.PositiveSmallIntegerField(default=1)),
                ("quoted_on", models.DateField(blank=True, null=True)),
                ("valid_until", models.DateField(blank=True, null=True)),
                ("ordered_at", models.DateTimeField(blank=True, null=True)),
                ("ordered_by_name", models.CharField(blank=True, max_length=120)),
                ("purchase_order", models.CharField(blank=True, max_length=80)),
                ("terminated_on", models.DateField(blank=True, null=True)),
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
                    "predecessor",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.agreementterm",
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
            name="Invoice",
            fields=[
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("DRAFT", "Draft"),
                            ("ISSUED", "Open"),
                            ("PARTIALLY_PAID", "Partly paid"),
                            ("PAID", "Paid"),
                            ("VOID", "Void"),
                            ("CREDITED", "Credited"),
                            ("WRITTEN_OFF", "Written off"),
                        ],
                        default="DRAFT",
                        max_length=14,
                        protected=True,
                    ),
                ),
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
                            ("FEE", "Annual fee"),
                            ("REINSTATEMENT", "Reinstatement"),
                            ("NON_RETURN", "Part not returned"),
                            ("REPAIR", "Repair"),
                        ],
                        max_length=13,
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=20)),
                ("currency", models.CharField(max_length=3)),
                ("total", models.DecimalField(decimal_places=4, max_digits=14)),
                ("issued_on", models.DateField(blank=True, null=True)),
                ("due_on", models.DateField(blank=True, null=True)),
                ("paid_on", models.DateField(blank=True, null=True)),
                (
                    "bill_to",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
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
                    "term",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="contracts.agreementterm",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=300)),
                ("quantity", models.PositiveIntegerField(default=1)),
                ("unit_amount", models.DecimalField(decimal_places=4, max_digits=14)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=14)),
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
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="contracts.invoice",
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
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=4, max_digits=14)),
                ("value_date", models.DateField()),
                ("source", models.CharField(help_text="bank, card, small difference.", max_length=40)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("by_name", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
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
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="contracts.invoice",
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
                    "reverses",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.payment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PaymentAttestation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("paid_on", models.DateField()),
                ("statement", models.CharField(max_length=400)),
                ("by_name", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
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
                    "term",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="contracts.agreementterm",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PriceListEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("list_price", models.DecimalField(decimal_places=4, max_digits=14)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prices",
                        to="contracts.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "list price",
            },
        ),
        migrations.CreateModel(
            name="AgreementLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("list_price", models.DecimalField(decimal_places=4, max_digits=14)),
                ("unit_fee", models.DecimalField(decimal_places=4, max_digits=14)),
                ("cover_start", models.DateField()),
                ("cover_end", models.DateField()),
                ("removed_on", models.DateField(blank=True, null=True)),
                (
                    "component",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreement_lines",
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
                    "term",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="contracts.agreementterm",
                    ),
                ),
                (
                    "price_list_entry",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.pricelistentry",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SupportAgreement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.CharField(max_length=40)),
                ("currency", models.CharField(max_length=3)),
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
                    "sold_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="agreementterm",
            name="agreement",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="terms",
                to="contracts.supportagreement",
            ),
        ),
        migrations.CreateModel(
            name="WarrantyCoverage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("PENDING", "Not begun"),
                            ("ACTIVE", "Active"),
                            ("EXPIRED", "Ended"),
                            ("VOID", "Void"),
                            ("VOID_FINAL", "Void for good"),
                            ("TRANSFERRED", "Moved to a replacement"),
                        ],
                        default="PENDING",
                        max_length=11,
                        protected=True,
                    ),
                ),
                ("kind", models.CharField(choices=[("STANDARD", "Standard"), ("EXTENDED", "Extended")], max_length=8)),
                ("start_date", models.DateField()),
                ("end_date", models.DateField()),
                ("exclusions", models.TextField(blank=True)),
                (
                    "voided_at",
                    models.DateTimeField(
                        blank=True, help_text="From then on it is void, until an appeal is upheld.", null=True
                    ),
                ),
                ("void_reason", models.TextField(blank=True)),
                (
                    "component",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="warranties",
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
            options={
                "verbose_name": "warranty",
                "verbose_name_plural": "warranties",
            },
        ),
        migrations.CreateModel(
            name="ComponentMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moved_on", models.DateField()),
                ("by_name", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
                (
                    "component",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
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
                    "from_site",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.site",
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
                    "to_site",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.site",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["customer", "component"], name="component_move_of")],
            },
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["customer", "term"], name="invoice_of_term"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="invoice_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True), fields=("number",), name="invoice_number_taken"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["DRAFT", "ISSUED", "PARTIALLY_PAID", "PAID", "VOID", "CREDITED", "WRITTEN_OFF"])
                ),
                name="invoice_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["DRAFT", "VOID"]),
                    models.Q(
                        models.Q(("number", ""), _negated=True), ("due_on__isnull", False), ("issued_on__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="invoice_issued_has_number_and_dates",
            ),
        ),
        migrations.AddIndex(
            model_name="invoiceline",
            index=models.Index(fields=["customer", "invoice"], name="invoice_line_of"),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "amount",
                        django.db.models.expressions.CombinedExpression(
                            models.F("unit_amount"), "*", models.F("quantity")
                        ),
                    )
                ),
                name="invoice_line_amount_is_quantity_times_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["customer", "invoice"], name="payment_of_invoice"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="payment_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="payment_is_not_nothing"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("reverses__isnull", False), _connector="OR"),
                name="payment_back_names_what_it_reverses",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", False)),
                fields=("customer", "reverses"),
                name="payment_reversed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentattestation",
            constraint=models.UniqueConstraint(fields=("customer", "term"), name="payment_attestation_once"),
        ),
        migrations.AddConstraint(
            model_name="pricelistentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("list_price__gte", 0)), name="list_price_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelistentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="list_price_currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelistentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"),
                name="list_price_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelistentry",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("product", "="),
                    ("currency", "="),
                    (
                        models.Func(
                            models.F("valid_from"), models.F("valid_to"), models.Value("[]"), function="daterange"
                        ),
                        "&&",
                    ),
                ],
                name="list_prices_do_not_overlap",
                violation_error_message="There is a price for these days already. End that one first.",
            ),
        ),
        migrations.AddIndex(
            model_name="agreementline",
            index=models.Index(fields=["customer", "component"], name="agreement_line_of_component"),
        ),
        migrations.AddConstraint(
            model_name="agreementline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_on", None)),
                fields=("customer", "term", "component"),
                name="agreement_line_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("cover_end__gte", models.F("cover_start"))),
                name="agreement_line_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("list_price__gte", 0), ("unit_fee__gte", 0)), name="agreement_line_not_negative"
            ),
        ),
        migrations.AddIndex(
            model_name="supportagreement",
            index=models.Index(fields=["reseller"], name="agreement_reseller"),
        ),
        migrations.AddConstraint(
            model_name="supportagreement",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="agreement_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="supportagreement",
            constraint=models.UniqueConstraint(fields=("customer", "number"), name="agreement_number_taken"),
        ),
        migrations.AddIndex(
            model_name="agreementterm",
            index=models.Index(fields=["customer", "agreement"], name="agreement_term_of"),
        ),
        migrations.AddIndex(
            model_name="agreementterm",
            index=models.Index(fields=["end_date"], name="agreement_term_end"),
        ),
        migrations.AddConstraint(
            model_name="agreementterm",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="agreement_term_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="agreementterm",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "DRAFT",
                            "QUOTED",
                            "QUOTE_EXPIRED",
                            "ORDERED",
                            "CANCELLED",
                            "IN_FORCE",
                            "SUSPENDED",
                            "GRACE",
                            "LAPSED",
                            "RENEWED",
                            "REINSTATED",
                            "TERMINATED",
                        ],
                    )
                ),
                name="agreement_term_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementterm",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["INITIAL", "RENEWAL", "REINSTATEMENT"])),
                name="agreement_term_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementterm",
            constraint=models.CheckConstraint(
                condition=models.Q(("end_date__gte", models.F("start_date"))),
                name="agreement_term_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementterm",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ("DRAFT", "QUOTED", "QUOTE_EXPIRED", "CANCELLED")),
                    ("ordered_at__isnull", False),
                    _connector="OR",
                ),
                name="agreement_term_ordered_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementterm",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("state__in", ("DRAFT", "QUOTED", "QUOTE_EXPIRED", "CANCELLED")), _negated=True),
                expressions=[
                    ("customer", "="),
                    ("agreement", "="),
                    (
                        models.Func(
                            models.F("start_date"), models.F("end_date"), models.Value("[]"), function="daterange"
                        ),
                        "&&",
                    ),
                ],
                name="agreement_terms_do_not_overlap",
            ),
        ),
        migrations.AddIndex(
            model_name="warrantycoverage",
            index=models.Index(fields=["customer", "component"], name="warranty_of_component"),
        ),
        migrations.AddConstraint(
            model_name="warrantycoverage",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["STANDARD", "EXTENDED"])), name="warranty_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="warrantycoverage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["PENDING", "ACTIVE", "EXPIRED", "VOID", "VOID_FINAL", "TRANSFERRED"])
                ),
                name="warranty_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="warrantycoverage",
            constraint=models.CheckConstraint(
                condition=models.Q(("end_date__gte", models.F("start_date"))), name="warranty_ends_after_it_starts"
            ),
        ),
        migrations.AddConstraint(
            model_name="warrantycoverage",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("customer", "="),
                    ("component", "="),
                    (
                        models.Func(
                            models.F("start_date"), models.F("end_date"), models.Value("[]"), function="daterange"
                        ),
                        "&&",
                    ),
                ],
                name="warranty_of_a_component_do_not_overlap",
                violation_error_message="This component has a warranty for these days already.",
            ),
        ),
        *WALL,
    ]
