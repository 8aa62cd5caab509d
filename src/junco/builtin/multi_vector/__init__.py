"""Members of the family multi-vector: a text or picture → a vector for each of its tokens."""
