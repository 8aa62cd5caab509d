"""The hub's pages: drawn on the server, whole without scripts; nothing of a repository becomes markup unseen."""
