"""How the rooms talk HTTP: one session with pacing, bounded retry, token renewal and an error tree of its own."""
