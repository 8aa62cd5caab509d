"""Vector databases that ship, one a file: targets of bulk jobs and sets that answer."""
