"""Where vectors go: one small interface, `Sink`, and the targets that implement it."""
