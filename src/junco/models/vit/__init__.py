"""ViT: a plain transformer of a picture's patches, DeiT-III's kind among them."""
