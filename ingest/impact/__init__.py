"""What a change of the content does before it is merged: what hangs on it, what it finds, what it takes from others."""
