"""Takes back what Tieout wrote, where a vendor allows it (`tieout undo`), as a plan like any other.

`chosen.py` names the deliveries meant, `present.py` reads what became of their records, `steps.py` says for each what
can be taken back, by which write, and what a person must do by hand.
"""
