"""Runtimes: a torch module → the fastest faithful callable on this machine."""
