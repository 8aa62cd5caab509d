"""Models that the library sentence-transformers knows: what their folders say, and how the library runs them."""
