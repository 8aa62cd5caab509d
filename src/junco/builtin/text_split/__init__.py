"""Members of the family text-split: a text → pieces that a model can take."""
