"""The only room that writes outside: rows of the sync models in, writes to the vendors and a delivery log out."""
