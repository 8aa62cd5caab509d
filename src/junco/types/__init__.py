"""What flows between operators.

Pixels are plain ``uint8`` RGB arrays of shape (height, width, 3); vectors are ``float32`` arrays of shape (dim,).
The rest are small frozen dataclasses.
"""

from junco.types.arrays import ArrayType, Image, Vector, Vectors
from junco.types.media import AudioClip, Box, Chunk, VideoFrame
from junco.types.space import Space

__all__ = ["ArrayType", "AudioClip", "Box", "Chunk", "Image", "Space", "Vector", "Vectors", "VideoFrame"]
