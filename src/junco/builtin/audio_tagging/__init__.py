"""Members of the family audio-tagging: sound → what is heard, and when."""
