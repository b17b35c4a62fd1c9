"""How urgent cases are, in which order to take them, and when many come at once."""
