-- Issued bills by their own lines: debit each line's account, debit input VAT for tax the vendor computed, credit trade
-- payables with the total. Those born from orders are among them: the books hold these, whatever we derive.
-- Those voided after they were issued are among them too, as they were issued.
-- One row per journal line of an issued bill.
{{ document_postings('bill') }}
