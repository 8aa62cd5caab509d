"""The hub's pages: drawn here, on the server, whole without scripts; nothing of a repository's becomes markup unseen."""
