"""The bytes of files: how they come in, where they lie, and when they go."""
