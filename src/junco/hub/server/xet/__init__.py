"""Xet, as far as sending goes: chunks come in packs, files are made of them, checked, and kept as they are."""
