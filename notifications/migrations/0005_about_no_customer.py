import django.db.models.deletion
from django.db import migrations, models

# A notice belongs to one person in one organisation. What it is about narrows that down: a reseller that serves the customer
# no more reads it no more. What is about no customer is its organisation's own.
BY_ORGANISATION = """
ALTER POLICY customer_rows ON notifications_notice
  USING (organisation_id = (SELECT app.current_org())) WITH CHECK (organisation_id = (SELECT app.current_org()));
ALTER POLICY reseller_rows ON notifications_notice
  USING (organisation_id = (SELECT app.current_org())) WITH CHECK (organisation_id = (SELECT app.current_org()));
ALTER POLICY customer_organisation ON notifications_notice
  USING (customer_id IS NULL OR customer_id = (SELECT app.current_org()))
  WITH CHECK (customer_id IS NULL OR customer_id = (SELECT app.current_org()));
ALTER POLICY reseller_organisation ON notifications_notice
  USING (reseller_id IS NULL OR reseller_id = (SELECT app.current_org()))
  WITH CHECK (reseller_id IS NULL OR reseller_id = (SELECT app.current_org()));
"""
BY_CUSTOMER = """
ALTER POLICY customer_rows ON notifications_notice
  USING (customer_id = (SELECT app.current_org())) WITH CHECK (customer_id = (SELECT app.current_org()));
ALTER POLICY reseller_rows ON notifications_notice
  USING (reseller_id = (SELECT app.current_org())) WITH CHECK (reseller_id = (SELECT app.current_org()));
ALTER POLICY customer_organisation ON notifications_notice
  USING (organisation_id = (SELECT app.current_org())) WITH CHECK (organisation_id = (SELECT app.current_org()));
ALTER POLICY reseller_organisation ON notifications_notice
  USING (organisation_id = (SELECT app.current_org())) WITH CHECK (organisation_id = (SELECT app.current_org()));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_webhooks"),
        ("tenancy", "0004_standing_consent"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="customer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.organisation",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="event_id",
            field=models.BigIntegerField(help_text="Events are forgotten earlier.", null=True),
        ),
        migrations.AlterField(
            model_name="notice",
            name="reseller",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.organisation",
            ),
        ),
        migrations.RunSQL(BY_ORGANISATION, BY_CUSTOMER),
    ]
