from django.db import migrations

from tenancy.operations import TenantKey, TenantPolicies

ONCE = "SELECT, INSERT"
WALL = [
    TenantPolicies("severityproposal"),
    TenantPolicies("severityanswer", customer_grant=ONCE, reseller_grant=ONCE, staff_grant=ONCE, worker_grant="SELECT"),
    TenantKey("severityproposal"),
    TenantKey("severityanswer"),
    TenantKey("severityproposal", "ticket", "tickets.Ticket"),
    TenantKey("severityanswer", "proposal", "tickets.SeverityProposal"),
]

# Nobody answers for another party. One exception: a reseller that consents to raises beforehand, whoever writes it down.
PARTIES = """
CREATE FUNCTION app.consents_to_raises(p_reseller bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT coalesce((SELECT o.consents_to_raises FROM tenancy_organisation o WHERE o.id = p_reseller AND o.kind = 'RESELLER'), false)
$$;
GRANT EXECUTE ON FUNCTION app.consents_to_raises(bigint) TO rozoom_customer, rozoom_reseller, rozoom_staff, rozoom_worker;
GRANT UPDATE (consents_to_raises) ON tenancy_organisation TO rozoom_reseller;

CREATE POLICY own_voice ON tickets_severityanswer AS RESTRICTIVE FOR INSERT TO rozoom_customer WITH CHECK (
  party = 'customer' OR (party = 'reseller' AND is_standing AND agrees AND app.consents_to_raises(reseller_id)));
CREATE POLICY own_voice_reseller ON tickets_severityanswer AS RESTRICTIVE FOR INSERT TO rozoom_reseller WITH CHECK (
  party = 'reseller');
CREATE POLICY own_voice_staff ON tickets_severityanswer AS RESTRICTIVE FOR INSERT TO rozoom_staff WITH CHECK (
  party = 'operator' OR (party = 'reseller' AND is_standing AND agrees AND app.consents_to_raises(reseller_id)));
"""
PARTIES_BACK = """
DROP POLICY own_voice_staff ON tickets_severityanswer;
DROP POLICY own_voice_reseller ON tickets_severityanswer;
DROP POLICY own_voice ON tickets_severityanswer;
REVOKE UPDATE (consents_to_raises) ON tenancy_organisation FROM rozoom_reseller;
DROP FUNCTION app.consents_to_raises(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0006_severity_proposals"),
        ("tenancy", "0004_standing_consent"),
        ("sla", "0008_proposal_clock_functions"),
    ]
    operations = [*WALL, migrations.RunSQL(PARTIES, PARTIES_BACK)]
