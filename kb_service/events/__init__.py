"""What was asked, what was offered, and what became of it."""
