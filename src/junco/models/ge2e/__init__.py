"""GE2E: mel spectrograms of speech → who speaks."""
