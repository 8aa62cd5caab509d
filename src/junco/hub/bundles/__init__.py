"""One file with all that a name on a hub needs, for machines without a network."""
