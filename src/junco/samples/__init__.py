"""Files to try junco with: photos and videos out of wheels that others publish, and texts of our own in this folder."""
