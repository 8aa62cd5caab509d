"""BERT: an encoder of texts, whose norms stand after the sums."""
