"""Members of the family image-text-embedding: pixels or a text → one vector, in a space for both."""
