"""Members of the family voice-activity: where somebody speaks."""
