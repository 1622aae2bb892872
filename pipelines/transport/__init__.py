"""Part of its room; see the room's own docstring."""
