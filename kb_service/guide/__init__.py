"""A case and its procedure -> what to do next, what is missing, how to follow up; the ticket note."""
