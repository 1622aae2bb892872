"""One module per vendor: how a delivery becomes a call, and how one whose effect is unknown is looked up.

`base.py` is what they share. They never import each other.
"""
