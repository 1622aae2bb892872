-- Issued invoices by their own lines: debit trade receivables with the total, credit each line's account, credit output
-- VAT for tax the vendor computed. Those born from orders are among them: the books hold these, whatever we derive.
-- Those voided after they were issued are among them too, as they were issued.
-- One row per journal line of an issued invoice.
{{ document_postings('invoice') }}
