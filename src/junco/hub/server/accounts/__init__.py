"""Who may enter: names, passwords, tokens, sessions, organisations."""
