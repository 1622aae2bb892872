"""Records as vendors wrote them to typed rows, exact, each with a reason where it does not fit."""
