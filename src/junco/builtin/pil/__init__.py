"""What all have in common that read pictures by Pillow: which formats, how their pixels are stored, colours, size."""
