from django.db import migrations, models

# Of the returns that are open already: the day and the place that the pages reckoned with until now. Row security binds the
# owner too, so it is lifted for this one statement, inside the migration's transaction.
FILL = """
ALTER TABLE rma_rma NO FORCE ROW LEVEL SECURITY;
ALTER TABLE contracts_component NO FORCE ROW LEVEL SECURITY;
ALTER TABLE contracts_site NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tenancy_organisation NO FORCE ROW LEVEL SECURITY;
UPDATE rma_rma SET due_at = (
  SELECT (CASE rma_rma.kind WHEN 'ADVANCE' THEN rma_rma.return_due ELSE rma_rma.valid_until END + 1)::timestamp
    AT TIME ZONE coalesce(place.time_zone, stands.time_zone, organisation.time_zone)
  FROM tenancy_organisation organisation
  LEFT JOIN contracts_site place ON place.id = rma_rma.ship_to_id
  LEFT JOIN contracts_component component ON component.id = rma_rma.component_id
  LEFT JOIN contracts_site stands ON stands.id = component.site_id
  WHERE organisation.id = rma_rma.customer_id
);
ALTER TABLE tenancy_organisation FORCE ROW LEVEL SECURITY;
ALTER TABLE contracts_site FORCE ROW LEVEL SECURITY;
ALTER TABLE contracts_component FORCE ROW LEVEL SECURITY;
ALTER TABLE rma_rma FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0008_parts_that_change_hands"),
        ("rma", "0002_taken_anywhere"),
        ("tenancy", "0006_deputy"),
        ("tickets", "0011_own_addresses_taken_back"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="rma",
            name="rma_board",
        ),
        migrations.RemoveIndex(
            model_name="rma",
            name="rma_due",
        ),
        migrations.AddField(
            model_name="rma",
            name="due_at",
            field=models.DateTimeField(
                help_text="When the last day ends, where the failed part stands, on which it is or was to be sent.",
                null=True,
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("state__in", ["REQUESTED"])),
                fields=["severity", "requested_at", "id"],
                name="rma_to_approve",
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("state__in", ["ON_HOLD", "QUOTED", "COST_HOLD"])),
                fields=["state_since", "id"],
                name="rma_on_hold",
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("state__in", ["APPROVED", "BACKORDERED", "ALLOCATED"])),
                fields=["contract_ship_by", "severity", "approved_at", "id"],
                name="rma_to_ship",
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["SHIPPED", "RETURN_IN_TRANSIT", "INBOUND_IN_TRANSIT", "SHIPPED_BACK"])
                ),
                fields=["state_since", "id"],
                name="rma_in_transit",
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["DELIVERED", "AWAITING_INBOUND", "RETURN_OVERDUE", "NON_RETURN_INVOICED", "EXPIRED"])
                ),
                fields=["due_at", "id"],
                include=("state",),
                name="rma_owed",
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("state__in", ["RETURN_RECEIVED", "RETURN_MISMATCH"])),
                fields=["state_since", "id"],
                name="rma_in_test",
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("state__in", ["RECEIVED", "MISMATCH", "DIAGNOSED", "REPAIRING", "READY_TO_SHIP"])),
                fields=["state_since", "id"],
                name="rma_at_factory",
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("replacement__isnull", False)), fields=["replacement"], name="rma_replaced_by"
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("claimed_serial_normal", ""), _negated=True),
                fields=["claimed_serial_normal"],
                name="rma_claimed_serial",
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("previous__isnull", False)), fields=["previous"], name="rma_goes_on_from"
            ),
        ),
        migrations.AddIndex(
            model_name="supplierrma",
            index=models.Index(
                condition=models.Q(("state__in", ["SUBMITTED", "ACKNOWLEDGED", "DEFECTIVE_SENT"])),
                fields=["supplier", "updated_at", "id"],
                name="supplier_rma_open",
            ),
        ),
        migrations.AddIndex(
            model_name="supplierrma",
            index=models.Index(
                condition=models.Q(("state__in", ["SUBMITTED", "ACKNOWLEDGED", "DEFECTIVE_SENT"])),
                fields=["updated_at", "id"],
                name="supplier_rma_all_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="rma",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["DELIVERED", "AWAITING_INBOUND"]), _negated=True),
                    ("due_at__isnull", False),
                    _connector="OR",
                ),
                name="rma_owed_has_its_day",
            ),
        ),
    ]
