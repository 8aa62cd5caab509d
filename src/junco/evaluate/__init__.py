"""How good a pipeline's vectors are for what is known of some items, beside others, with what is noise."""
