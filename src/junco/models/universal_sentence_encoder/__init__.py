"""Universal Sentence Encoder, multilingual: token ids → sentence vectors."""
