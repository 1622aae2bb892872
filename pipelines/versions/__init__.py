"""What changed: versions and tombstones, found against an index of the latest ones."""
