"""What Tieout would have written, beside what an incumbent has written (`tieout shadow`).

`gather.py` reads both sides from the published snapshot, `compare.py` names every difference. Neither knows a vendor's
client, so nothing can be written from here.
"""
