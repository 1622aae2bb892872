"""ATLAS ETRM (StellarBlue) as a server: settlement orders, items, invoices and payments, POST for everything.

`engine.py` holds the rules over a store, `server.py` the wire. The source of both is the vendor's contract
(contracts/atlas-etrm.md); where it says [assumed], the behaviour is a switch in `settings.py` or the worst
case for a client. Neither Atlas Accounting nor Atlar has anything to do with this vendor.
"""
