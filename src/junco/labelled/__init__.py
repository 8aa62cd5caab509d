"""Items of which something is known: labels, pairs, triplets, what answers which query. By it models are measured."""
