"""How good vectors are, by what is known of their items: labels, pairs, what answers which query. Numpy alone."""
