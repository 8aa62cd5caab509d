"""Bulk jobs that cannot be lost: many inputs, a journal, sealed shards, one target."""
