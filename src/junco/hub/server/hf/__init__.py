"""The part of the Hugging Face Hub's API that its clients need, so that they work here unchanged."""
