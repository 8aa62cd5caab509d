"""Members of the family object-detection: pixels → boxes around the objects in them."""
