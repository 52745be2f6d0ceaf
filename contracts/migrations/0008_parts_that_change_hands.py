from django.db import migrations, models

# What a delivered replacement changes is written by jobs and, for tenants, by the worker's role: the component that came,
# its warranty and agreement lines, and invoices for what was not returned or was repaired.
GRANTS = """
GRANT INSERT, UPDATE ON contracts_component TO rozoom_worker;
GRANT INSERT ON contracts_warrantycoverage TO rozoom_worker;
GRANT INSERT, UPDATE ON contracts_agreementline TO rozoom_worker;
GRANT INSERT ON contracts_invoice, contracts_payment TO rozoom_worker;
GRANT INSERT ON contracts_invoiceline TO rozoom_worker;
"""
GRANTS_BACK = """
REVOKE INSERT ON contracts_invoiceline FROM rozoom_worker;
REVOKE INSERT ON contracts_invoice, contracts_payment FROM rozoom_worker;
REVOKE INSERT, UPDATE ON contracts_agreementline FROM rozoom_worker;
REVOKE INSERT ON contracts_warrantycoverage FROM rozoom_worker;
REVOKE INSERT, UPDATE ON contracts_component FROM rozoom_worker;
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0007_cancelled_when")]

    operations = [
        migrations.RemoveConstraint(model_name="component", name="component_serial_taken"),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "RETURNED"), _negated=True),
                fields=("product", "serial_normal"),
                name="component_serial_taken",
            ),
        ),
        migrations.RunSQL(GRANTS, GRANTS_BACK),
    ]
