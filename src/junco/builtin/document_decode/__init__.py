"""Members of the family document-decode: whatever holds a document → the text of its pages."""
