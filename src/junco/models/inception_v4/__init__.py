"""Inception-v4: pictures → features."""
