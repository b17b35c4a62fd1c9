"""A draft -> wording, demands, promises, blanks, data and tone that should not be sent."""
