"""A closed case -> an anonymised case entry, to be reviewed before anybody can find it."""
