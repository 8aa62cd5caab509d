"""Operators that make sound of sources."""
