"""Members of the family face-embedding: pixels and a face in them → a vector of who it is."""
