"""Members of the family vector: a vector → a vector."""
