"""Swin and Swin-V2: transformers of four stages, whose attention stays within windows."""
