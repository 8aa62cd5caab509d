"""``image-decode.pil``: whatever holds a picture → uint8 RGB pixels, by Pillow."""

from __future__ import annotations

from junco.builtin.pil.decoder import PictureDecoder


class PilDecode(PictureDecoder, family="image-decode", name="pil"):
    """Decodes a picture into C-contiguous uint8 RGB pixels (height, width, 3).

    Takes a path (``str``, ``Path``, ``file://``), an address if `allow_urls`, bytes, a binary file object, a PIL image,
    ``{"bytes": …, "path": …}`` as data sets of Hugging Face have it, or an array (uint8, uint16, bool, floats in 0..1;
    grey, RGB or RGBA). EXIF orientation is applied, transparency is laid over white, 16 bits are scaled to 8, colour
    profiles are not applied, and of several frames the first is taken. Files may be of any format that Pillow reads,
    and HEIC where ``pillow-heif`` is installed; what Pillow is known to misread is read rightly or refused.

    Raises:
        InputError: for each source that is missing, empty, broken, too large or no picture, with its name.
    """
