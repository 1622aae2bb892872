"""Explains one document from the API answer it came from to the bank line it ended in (`tieout explain`).

`reference.py` finds what a person means, `trail.py` what belongs to it, `records.py`, `rules.py`, `writes.py` and
`money.py` tell it, `explanation.py` is what they tell. Reads the published snapshot and the operations store alone.
"""
