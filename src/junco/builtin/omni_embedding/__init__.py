"""Members of the family omni-embedding: a text, picture, sound or video → one vector, in a space for all."""
