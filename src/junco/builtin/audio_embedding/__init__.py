"""Members of the family audio-embedding: sound → one vector."""
