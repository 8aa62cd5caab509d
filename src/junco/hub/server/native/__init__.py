"""The hub's own protocol, under ``/junco/v1``: what junco's client speaks."""
