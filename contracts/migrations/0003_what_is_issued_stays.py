from django.db import migrations

# Amounts never change once somebody was told them. The tenant columns may: a customer can get another reseller.

FREEZE = """
CREATE FUNCTION app.keep_issued_invoice() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF OLD.state = 'DRAFT' THEN
    RETURN coalesce(NEW, OLD);
  ELSIF TG_OP = 'DELETE' OR
    (OLD.id, OLD.kind, OLD.number, OLD.term_id, OLD.bill_to_id, OLD.currency, OLD.total, OLD.issued_on, OLD.due_on)
    IS DISTINCT FROM
    (NEW.id, NEW.kind, NEW.number, NEW.term_id, NEW.bill_to_id, NEW.currency, NEW.total, NEW.issued_on, NEW.due_on)
  THEN
    RAISE EXCEPTION 'invoice % is issued and stays as it is', OLD.number USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_issued BEFORE UPDATE OR DELETE ON contracts_invoice
  FOR EACH ROW EXECUTE FUNCTION app.keep_issued_invoice();

CREATE FUNCTION app.keep_issued_line() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE v_line contracts_invoiceline := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
BEGIN
  IF TG_OP = 'UPDATE' AND (OLD.id, OLD.invoice_id, OLD.text, OLD.quantity, OLD.unit_amount, OLD.amount)
    IS NOT DISTINCT FROM (NEW.id, NEW.invoice_id, NEW.text, NEW.quantity, NEW.unit_amount, NEW.amount) THEN
    RETURN NEW;
  END IF;
  IF NOT EXISTS (SELECT FROM contracts_invoice i WHERE i.id = v_line.invoice_id AND i.state = 'DRAFT' FOR UPDATE) THEN
    RAISE EXCEPTION 'the invoice of this line is issued and stays as it is' USING ERRCODE = 'check_violation';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER keep_issued BEFORE INSERT OR UPDATE OR DELETE ON contracts_invoiceline
  FOR EACH ROW EXECUTE FUNCTION app.keep_issued_line();

CREATE FUNCTION app.keep_quoted_line() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE v_term record;
BEGIN
  SELECT t.state, t.start_date, t.end_date INTO v_term FROM contracts_agreementterm t WHERE t.id = NEW.term_id FOR SHARE;
  IF NEW.cover_start < v_term.start_date OR NEW.cover_end > v_term.end_date THEN
    RAISE EXCEPTION 'the cover of a component lies inside its term' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP = 'UPDATE' AND v_term.state <> 'DRAFT' AND
    (OLD.term_id, OLD.component_id, OLD.list_price, OLD.unit_fee, OLD.cover_start, OLD.cover_end)
    IS DISTINCT FROM (NEW.term_id, NEW.component_id, NEW.list_price, NEW.unit_fee, NEW.cover_start, NEW.cover_end) THEN
    RAISE EXCEPTION 'prices and cover are frozen with the quote' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_quoted BEFORE INSERT OR UPDATE ON contracts_agreementline
  FOR EACH ROW EXECUTE FUNCTION app.keep_quoted_line();
"""

THAW = """
DROP TRIGGER keep_quoted ON contracts_agreementline;
DROP FUNCTION app.keep_quoted_line();
DROP TRIGGER keep_issued ON contracts_invoiceline;
DROP FUNCTION app.keep_issued_line();
DROP TRIGGER keep_issued ON contracts_invoice;
DROP FUNCTION app.keep_issued_invoice();
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0002_agreements_and_invoices")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
