"""ConSE: token ids → a mix of the rows of a classifier."""
