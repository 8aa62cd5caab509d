"""A name → its definition: which pipelines and families there are, and where each of them lies."""
