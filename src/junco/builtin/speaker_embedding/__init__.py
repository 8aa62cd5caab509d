"""Members of the family speaker-embedding: speech → one vector of who speaks."""
