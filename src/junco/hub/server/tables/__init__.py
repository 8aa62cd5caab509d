"""What the database keeps. Times are whole seconds since 1970 in UTC, days are whole days since then."""
