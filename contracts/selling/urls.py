from django.urls import path

from contracts.selling.views import agreement, billing, lists, quoting, terms

TERM = "terms/<uuid:term_id>"
INVOICE = "invoices/<uuid:invoice_id>"

urlpatterns = [
    path("", lists.agreements, name="agreements"),
    path("new/", quoting.new_quote, name="new_quote"),
    path("ask/", quoting.ask, name="ask"),
    path("requests/<uuid:request_id>/close/", quoting.close_request, name="close_request"),
    path("<uuid:agreement_id>/", agreement.agreement, name="agreement"),
    # What is done with a term
    path(f"{TERM}/quote.pdf", agreement.quote_pdf, name="quote_pdf"),
    path(f"{TERM}/order/", terms.order, name="term_order"),
    path(f"{TERM}/take-back/", quoting.take_back, name="term_take_back"),
    path(f"{TERM}/change/", quoting.change, name="term_change"),
    path(f"{TERM}/again/", quoting.again, name="term_again"),
    path(f"{TERM}/ask/", quoting.ask_about, name="term_ask"),
    path(f"{TERM}/cancel/", terms.cancel, name="term_cancel"),
    path(f"{TERM}/end/", terms.terminate, name="term_terminate"),
    path(f"{TERM}/remove/", terms.remove, name="term_remove"),
    path(f"{TERM}/attest/", terms.attest, name="term_attest"),
    path(f"{TERM}/reinstate/", terms.reinstate, name="term_reinstate"),
    # Invoices
    path("invoices/", lists.invoices, name="invoices"),
    path(f"{INVOICE}/", agreement.invoice, name="invoice"),
    path(f"{INVOICE}/invoice.pdf", agreement.invoice_pdf, name="invoice_pdf"),
    path(f"{INVOICE}/pay/", billing.pay, name="invoice_pay"),
    path(f"{INVOICE}/clear/", billing.clear, name="invoice_clear"),
    path(f"{INVOICE}/void/", billing.void, name="invoice_void"),
    path(f"{INVOICE}/credit/", billing.credit, name="invoice_credit"),
    path(f"{INVOICE}/write-off/", billing.write_off, name="invoice_write_off"),
    path(f"{INVOICE}/write-off/agree/", billing.agree, name="invoice_agree"),
    path(f"{INVOICE}/write-off/keep/", billing.keep, name="invoice_keep"),
    path("payments/<int:payment_id>/reverse/", billing.reverse_payment, name="reverse_payment"),
    path("credits/<uuid:credit_id>/credit-note.pdf", agreement.credit_pdf, name="credit_pdf"),
]
