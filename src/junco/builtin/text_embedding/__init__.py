"""Members of the family text-embedding: a text → one vector."""
