"""Plan → results: rows in blocks, stages that work on them, one scheduler for all stages."""
