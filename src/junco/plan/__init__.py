"""Graph → Plan: everything that can fail or fetch happens here, before the first row."""
