"""Members of the family image-crop: pixels and a box → the pixels inside."""
