"""The three vendors as stateful HTTP servers on loopback, and the invented company whose data they hold."""
