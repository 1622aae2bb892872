"""The invented company behind the three simulated vendors: who it deals with, what it settled, booked and paid.

In: a seed, a size and a business date. Out: records in the vendors' engines. What does not belong here: what a vendor
does with a record (the engines), and anything of the product.
"""
