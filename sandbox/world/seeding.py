"""Where all chance in this world comes from.

In: a text that names what is drawn, the seed in it. Out: a random source of its own, so that a change in one part moves
nothing in another. What does not belong here: what is drawn.
"""

from __future__ import annotations

from random import Random


def seeded(name: str) -> Random:
    """The random source of that name: the same draws for the same name, on every machine."""
    return Random(name)  # noqa: S311  (nothing secret is drawn)
