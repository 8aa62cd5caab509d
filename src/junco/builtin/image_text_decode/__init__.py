"""Members of the family image-text-decode: a source of pixels, or a text → what a model of both takes."""
