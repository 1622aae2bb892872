"""What people read: the summary of a run, a plan, the status. Figures in, text or JSON out; nothing is decided here."""
