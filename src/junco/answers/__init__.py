"""From a set of vectors to an answer: search, near-duplicates, groups."""
