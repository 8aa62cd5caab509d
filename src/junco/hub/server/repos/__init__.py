"""Repositories: made, committed to, read, found, counted."""
