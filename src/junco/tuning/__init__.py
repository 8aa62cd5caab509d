"""From an operator and data to a tuned operator: read, split, decode, train, measure before and after, report, save."""
