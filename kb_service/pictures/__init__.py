"""Pictures -> the text on them."""
