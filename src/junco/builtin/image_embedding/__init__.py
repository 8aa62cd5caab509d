"""Members of the family image-embedding: pixels → one vector."""
