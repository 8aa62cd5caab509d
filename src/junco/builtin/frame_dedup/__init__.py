"""Members of the family frame-dedup: whether a frame differs from the one that was kept before."""
