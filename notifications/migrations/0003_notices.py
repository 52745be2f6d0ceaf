import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenancy.operations import ALL, TenantKey, TenantPolicies

# Made by the worker with the mails of the event. Its reader marks it read and changes nothing else.
MARK = "SELECT, UPDATE (read_at)"
OF_ONE_ORGANISATION = """
CREATE POLICY customer_organisation ON notifications_notice AS RESTRICTIVE TO rozoom_customer
  USING (organisation_id = (SELECT app.current_org())) WITH CHECK (organisation_id = (SELECT app.current_org()));
CREATE POLICY reseller_organisation ON notifications_notice AS RESTRICTIVE TO rozoom_reseller
  USING (organisation_id = (SELECT app.current_org())) WITH CHECK (organisation_id = (SELECT app.current_org()));
CREATE POLICY staff_organisation ON notifications_notice AS RESTRICTIVE TO rozoom_staff
  USING (party = 'operator') WITH CHECK (party = 'operator');
"""
OF_ANY_ORGANISATION = """
DROP POLICY customer_organisation ON notifications_notice;
DROP POLICY reseller_organisation ON notifications_notice;
DROP POLICY staff_organisation ON notifications_notice;
"""
WALL = [
    # The customer's and the reseller's column say whose business it is about; the person's, whose notice it is. Who works for
    # two organisations reads in each what it is told there.
    TenantPolicies(
        "notice", customer_grant=MARK, reseller_grant=MARK, staff_grant=MARK, worker_grant=ALL, own="person_id"
    ),
    TenantKey("notice"),
    migrations.RunSQL(OF_ONE_ORGANISATION, OF_ANY_ORGANISATION),
]


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_staff_send_again"),
        ("tenancy", "0004_standing_consent"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.BigIntegerField(help_text="Events are forgotten earlier.")),
                ("topic", models.CharField(max_length=60)),
                ("party", models.CharField(max_length=10)),
                ("title", models.CharField(max_length=255)),
                ("detail", models.CharField(blank=True, db_default="", default="", max_length=255)),
                ("path", models.CharField(help_text="The page it leads to, on this site.", max_length=255)),
                ("reference", models.CharField(blank=True, db_default="", default="", max_length=40)),
                ("ticket_id", models.BigIntegerField(blank=True, null=True)),
                ("hinges_on", models.CharField(blank=True, db_default="", default="", max_length=20)),
                ("hinges_on_id", models.BigIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, help_text="Noted now and then; see notices.unread.", null=True),
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
                    "organisation",
                    models.ForeignKey(
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "organisation", "-created_at", "-id"], name="notice_of_person"),
                    models.Index(
                        condition=models.Q(("read_at__isnull", True), ("settled_at__isnull", True)),
                        fields=["person", "organisation"],
                        name="notice_unread",
                    ),
                    models.Index(fields=["created_at"], name="notice_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "event_id", "organisation", "person", "topic"), name="notice_once_per_event"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("party__in", ["customer", "reseller", "operator"])),
                        name="notice_party_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("path__startswith", "/"), models.Q(("path__startswith", "//"), _negated=True)
                        ),
                        name="notice_leads_to_this_site",
                    ),
                ],
            },
        ),
        *WALL,
    ]
