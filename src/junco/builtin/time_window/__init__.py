"""Members of time-window: what lies in one window of time → one row."""
