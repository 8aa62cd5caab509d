"""Members of the family face-detection: pixels → the faces in them."""
