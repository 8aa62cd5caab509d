"""Pipelines as what other libraries expect: a file for each, which is imported by who has that library."""
