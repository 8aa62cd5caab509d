"""Models of sound that the library transformers knows: how they take sound, and how they are run."""
