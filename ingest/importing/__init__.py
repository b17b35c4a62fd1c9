"""Foreign files -> drafts in the content's own format. Nothing here changes a file that exists."""
