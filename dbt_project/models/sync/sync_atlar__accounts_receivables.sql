-- Open invoices as receivables of Atlar, which derives the cash forecast from them; and what moved in those it has.
-- One row per document to create or to update. Only where `ap_ar_mode` says that these endpoints carry the forecast.
{{ atlar_open_documents('receivable') }}
