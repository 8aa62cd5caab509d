"""A set of vectors to walk about in with a browser: a small server on this machine's own address."""
