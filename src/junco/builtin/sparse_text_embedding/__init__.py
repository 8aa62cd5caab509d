"""Members of the family sparse-text-embedding: a text → a weight for each of its words."""
