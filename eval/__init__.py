"""Measurements of the service: quality and speed."""
