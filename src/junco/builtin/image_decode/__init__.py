"""Members of the family image-decode: whatever holds a picture → pixels."""
