"""What all have in common that read video and sound by PyAV (FFmpeg): containers, and the frames of a video."""
