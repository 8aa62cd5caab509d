"""Members of the family shot-detection: a video → its shots, from cut to cut."""
