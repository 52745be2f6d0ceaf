from django.db import migrations

from tenancy.operations import TenantKey, TenantPolicies

READ = {"customer_grant": "SELECT", "reseller_grant": "SELECT", "worker_grant": "SELECT"}
TELLS = "SELECT, INSERT"
WALL = [
    TenantPolicies(
        "eligibilitydecision", customer_grant=TELLS, reseller_grant=TELLS, staff_grant=TELLS, worker_grant=TELLS
    ),
    TenantPolicies("quoterequest", customer_grant=TELLS, worker_grant="SELECT"),
    TenantPolicies("contractnotice", customer_grant="", reseller_grant=TELLS, staff_grant=TELLS, worker_grant=TELLS),
    TenantPolicies("creditnote", **{**READ, "staff_grant": TELLS}),
    *(TenantKey(model) for model in ("eligibilitydecision", "quoterequest", "contractnotice", "creditnote")),
    TenantKey("eligibilitydecision", "component", "contracts.Component"),
    TenantKey("quoterequest", "agreement", "contracts.SupportAgreement"),
    TenantKey("creditnote", "invoice", "contracts.Invoice"),
]

# Resellers prepare quotes themselves; row security shows them their customers, the triggers leave them drafts and quotes of
# agreements they sell. Customers write nothing here: what they order is written by app.order_term.
SELLERS = """
GRANT INSERT ON contracts_supportagreement, contracts_paymentattestation TO rozoom_reseller;
GRANT INSERT, UPDATE ON contracts_agreementterm TO rozoom_reseller;
GRANT INSERT, UPDATE, DELETE ON contracts_agreementline TO rozoom_reseller;
GRANT DELETE ON contracts_agreementline TO rozoom_staff;

CREATE FUNCTION app.keep_to_own_sales() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  v_agreement uuid;
  v_state text;
BEGIN
  IF current_user <> 'rozoom_reseller' THEN RETURN coalesce(NEW, OLD); END IF;
  IF TG_TABLE_NAME = 'contracts_supportagreement' THEN
    IF NEW.sold_by_id IS DISTINCT FROM app.current_org() THEN
      RAISE EXCEPTION 'a reseller sells in its own name' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_TABLE_NAME = 'contracts_agreementterm' THEN
    v_agreement := NEW.agreement_id;
    IF NEW.state NOT IN ('DRAFT', 'QUOTED') OR NEW.ordered_at IS NOT NULL
       OR (TG_OP = 'UPDATE' AND OLD.state NOT IN ('DRAFT', 'QUOTED')) THEN
      RAISE EXCEPTION 'a reseller writes drafts and quotes' USING ERRCODE = '42501';
    END IF;
    IF NEW.state = 'QUOTED' AND EXISTS (
      SELECT FROM contracts_agreementline l
      JOIN contracts_supportagreement a ON a.id = NEW.agreement_id
      LEFT JOIN contracts_pricelistentry e ON e.id = l.price_list_entry_id AND e.currency = a.currency
      WHERE l.term_id = NEW.id AND l.removed_on IS NULL AND e.list_price IS DISTINCT FROM l.list_price) THEN
      RAISE EXCEPTION 'a line is not at its list price' USING ERRCODE = '42501';
    END IF;
  ELSE
    SELECT t.agreement_id, t.state INTO v_agreement, v_state FROM contracts_agreementterm t
      WHERE t.id = coalesce(NEW.term_id, OLD.term_id);
    IF TG_TABLE_NAME = 'contracts_agreementline' AND v_state IS DISTINCT FROM 'DRAFT' THEN
      RAISE EXCEPTION 'lines are written while the term is a draft' USING ERRCODE = '42501';
    END IF;
  END IF;
  IF NOT EXISTS (SELECT FROM contracts_supportagreement a WHERE a.id = v_agreement AND a.sold_by_id = app.current_org()) THEN
    RAISE EXCEPTION 'this agreement is sold by somebody else' USING ERRCODE = '42501';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER own_sales BEFORE INSERT ON contracts_supportagreement
  FOR EACH ROW EXECUTE FUNCTION app.keep_to_own_sales();
CREATE TRIGGER own_sales BEFORE INSERT OR UPDATE ON contracts_agreementterm
  FOR EACH ROW EXECUTE FUNCTION app.keep_to_own_sales();
CREATE TRIGGER own_sales BEFORE INSERT OR UPDATE OR DELETE ON contracts_agreementline
  FOR EACH ROW EXECUTE FUNCTION app.keep_to_own_sales();
CREATE TRIGGER own_sales BEFORE INSERT ON contracts_paymentattestation
  FOR EACH ROW EXECUTE FUNCTION app.keep_to_own_sales();

-- A rule's answer may be kept by whoever asked; only roZoom may decide otherwise.
CREATE FUNCTION app.keep_to_the_rules() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF current_user IN ('rozoom_customer', 'rozoom_reseller')
     AND (NEW.override_reason <> '' OR NEW.outcome <> NEW.rule_outcome) THEN
    RAISE EXCEPTION 'only roZoom overrides a decision' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER to_the_rules BEFORE INSERT ON contracts_eligibilitydecision
  FOR EACH ROW EXECUTE FUNCTION app.keep_to_the_rules();
"""
SELLERS_BACK = """
DROP TRIGGER to_the_rules ON contracts_eligibilitydecision;
DROP FUNCTION app.keep_to_the_rules();
DROP TRIGGER own_sales ON contracts_paymentattestation;
DROP TRIGGER own_sales ON contracts_agreementline;
DROP TRIGGER own_sales ON contracts_agreementterm;
DROP TRIGGER own_sales ON contracts_supportagreement;
DROP FUNCTION app.keep_to_own_sales();
REVOKE DELETE ON contracts_agreementline FROM rozoom_staff;
REVOKE INSERT, UPDATE, DELETE ON contracts_agreementline FROM rozoom_reseller;
REVOKE INSERT, UPDATE ON contracts_agreementterm FROM rozoom_reseller;
REVOKE INSERT ON contracts_supportagreement, contracts_paymentattestation FROM rozoom_reseller;
"""

# An order and its invoice in one statement that no caller can bend: the lines come from the frozen quote, the number has no gap.
# Both functions run as the owner, so the tenant filter stands in them; a foreign term is the same as none.
ORDERS = """
CREATE FUNCTION app.next_invoice_number(p_on date) RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public AS $$
  INSERT INTO contracts_invoicenumber AS counter (year, last) VALUES (extract(year FROM p_on), 1)
  ON CONFLICT (year) DO UPDATE SET last = counter.last + 1
  RETURNING year || '-' || lpad(last::text, greatest(5, length(last::text)), '0')
$$;
GRANT EXECUTE ON FUNCTION app.next_invoice_number(date) TO rozoom_staff, rozoom_worker;

-- The agreement's lock and the term's, for a caller that may not write either.
CREATE FUNCTION app.hold_term(p_term uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE v_agreement uuid;
BEGIN
  SELECT t.agreement_id INTO v_agreement FROM contracts_agreementterm t
    WHERE t.id = p_term AND app.is_own(t.customer_id, t.reseller_id);
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM FROM contracts_supportagreement a WHERE a.id = v_agreement FOR NO KEY UPDATE;
  PERFORM FROM contracts_agreementterm t WHERE t.id = p_term FOR NO KEY UPDATE;
  RETURN true;
END $$;

-- p_more: [{"text", "amount"}] lines beside the fees, such as the back fee of a reinstatement; roZoom's only.
CREATE FUNCTION app.order_term(p_term uuid, p_purchase_order text, p_by text, p_on date, p_now timestamptz, p_more jsonb)
RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  v_role text := current_setting('role');
  v_invoice uuid := gen_random_uuid();
  v_term contracts_agreementterm;
  v_agreement contracts_supportagreement;
  v_total numeric;
BEGIN
  IF NOT app.hold_term(p_term) THEN
    RAISE EXCEPTION 'term of another tenant' USING ERRCODE = '42501';
  END IF;
  SELECT * INTO v_term FROM contracts_agreementterm t WHERE t.id = p_term;
  SELECT * INTO v_agreement FROM contracts_supportagreement a WHERE a.id = v_term.agreement_id;
  IF v_role = 'rozoom_reseller' AND v_agreement.sold_by_id <> app.current_org() THEN
    RAISE EXCEPTION 'this agreement is sold by somebody else' USING ERRCODE = '42501';
  END IF;
  IF v_role IN ('rozoom_customer', 'rozoom_reseller') AND (jsonb_array_length(p_more) > 0
     OR p_now NOT BETWEEN now() - interval '1 second' AND clock_timestamp()
     OR p_on NOT BETWEEN (now() AT TIME ZONE 'UTC')::date - 1 AND (now() AT TIME ZONE 'UTC')::date + 1) THEN
    RAISE EXCEPTION 'an order is made now, of what was quoted' USING ERRCODE = '42501';
  END IF;
  IF v_term.state <> 'QUOTED' OR p_on > v_term.valid_until OR p_purchase_order = '' THEN
    RAISE EXCEPTION 'only a valid quote is ordered, with a purchase order' USING ERRCODE = 'check_violation';
  END IF;

  UPDATE contracts_agreementterm SET
    state = 'ORDERED', ordered_at = p_now, ordered_by_name = p_by, purchase_order = p_purchase_order WHERE id = p_term;
  INSERT INTO contracts_invoice (id, customer_id, reseller_id, kind, state, number, term_id, bill_to_id, currency, total,
      issued_on, due_on, closing_reason, closing_asked_by_name)
    SELECT v_invoice, v_term.customer_id, v_term.reseller_id,
      CASE v_term.kind WHEN 'REINSTATEMENT' THEN 'REINSTATEMENT' ELSE 'FEE' END, 'DRAFT', '', p_term,
      CASE o.kind WHEN 'OPERATOR' THEN v_term.customer_id ELSE o.id END, v_agreement.currency, 0, NULL, NULL, '', ''
    FROM tenancy_organisation o WHERE o.id = v_agreement.sold_by_id;
  -- One line for equal components: the fee of one is rounded, then multiplied (entitlement.md, section 6, rule 4).
  INSERT INTO contracts_invoiceline (customer_id, reseller_id, invoice_id, text, quantity, unit_amount, amount)
    SELECT v_term.customer_id, v_term.reseller_id, v_invoice,
      left(format('Support of %s, %s to %s', p.name, l.cover_start, l.cover_end), 300), count(*), l.unit_fee,
      count(*) * l.unit_fee
    FROM contracts_agreementline l
    JOIN contracts_component c ON c.id = l.component_id JOIN contracts_product p ON p.id = c.product_id
    WHERE l.term_id = p_term AND l.removed_on IS NULL
    GROUP BY p.name, l.cover_start, l.cover_end, l.unit_fee
    ORDER BY p.name, l.cover_start;
  INSERT INTO contracts_invoiceline (customer_id, reseller_id, invoice_id, text, quantity, unit_amount, amount)
    SELECT v_term.customer_id, v_term.reseller_id, v_invoice, left(m ->> 'text', 300), 1,
      (m ->> 'amount')::numeric, (m ->> 'amount')::numeric
    FROM jsonb_array_elements(p_more) m;
  SELECT sum(amount) INTO v_total FROM contracts_invoiceline WHERE invoice_id = v_invoice;
  IF v_total IS NULL THEN
    RAISE EXCEPTION 'a term without components is not ordered' USING ERRCODE = 'check_violation';
  END IF;
  UPDATE contracts_invoice SET
    number = app.next_invoice_number(p_on), total = v_total, issued_on = p_on, due_on = p_on + 30,
    state = CASE WHEN v_total = 0 THEN 'PAID' ELSE 'ISSUED' END, paid_on = CASE WHEN v_total = 0 THEN p_on END
    WHERE id = v_invoice;
  RETURN v_invoice;
END $$;
GRANT EXECUTE ON FUNCTION app.hold_term(uuid), app.order_term(uuid, text, text, date, timestamptz, jsonb)
  TO rozoom_customer, rozoom_reseller, rozoom_staff, rozoom_worker;
"""
ORDERS_BACK = """
DROP FUNCTION app.order_term(uuid, text, text, date, timestamptz, jsonb);
DROP FUNCTION app.hold_term(uuid);
DROP FUNCTION app.next_invoice_number(date);
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0004_deeds_of_tenants")]

    operations = [*WALL, migrations.RunSQL(SELLERS, SELLERS_BACK), migrations.RunSQL(ORDERS, ORDERS_BACK)]
