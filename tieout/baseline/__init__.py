"""The erpCodes of orders that were booked before Tieout came (`tieout baseline`), as a plan like any other.

`orders.py` knows the orders, `from_csv.py` and `from_documents.py` find their codes, `items.py` makes the plan's items.
"""
