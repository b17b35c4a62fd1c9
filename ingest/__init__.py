"""Content -> published version: load, check, split, build, publish."""
