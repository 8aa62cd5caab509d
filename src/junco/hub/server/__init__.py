"""The hub's server: accounts, repositories of files with commits and releases, and what clients ask of them."""
