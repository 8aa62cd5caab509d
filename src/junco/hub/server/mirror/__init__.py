"""Another hub's repositories, read through this one: asked for by name, fetched once, checked, and kept."""
