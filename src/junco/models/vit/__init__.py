"""ViT: a plain transformer of a picture's patches, DeiT-III's and DINOv2's kinds among them."""
