"""Members of the family image-transform: pixels → pixels."""
