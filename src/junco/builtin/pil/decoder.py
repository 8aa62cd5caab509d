"""`PictureDecoder`: what operators share that make pixels of whatever holds a picture, by Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

from junco.builtin.decoder import Decoder
from junco.builtin.extras import importing
from junco.builtin.pil import jpeg
from junco.builtin.pil.colours import rgb_of_array, rgb_of_picture
from junco.builtin.pil.formats import identified
from junco.builtin.pil.orientation import upright
from junco.builtin.pil.storage import storage_of
from junco.cores import core_share
from junco.errors import InputError
from junco.neural.pixels import as_array
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MAX_PIXELS = 178_956_970  # where Pillow itself takes a picture for an attack


class PictureDecoder(Decoder):
    """Base of operators that decode pictures into C-contiguous uint8 RGB pixels (height, width, 3).

    Args:
        max_pixels: a picture with more is refused by its header, before it is decoded.
        least_side: JPEGs may be decoded at 1/2, 1/4 or 1/8 of their size, which takes a fraction of the time, as long
            as their shorter side keeps this many pixels. A plan sets it where the next step needs no more.
    """

    what = "picture"
    max_pixels: int = option(MAX_PIXELS, least=1)
    least_side: int | None = option(None, least=1, neutral=True)

    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    keeps_space = True

    def open(self) -> None:
        with importing("vision", self.name):
            from PIL import Image as PilImage

        PilImage.preinit()

    def batch(self, sources: Sequence[Any]) -> Sequence[Image]:
        return [self._decoded(source) for source in sources]

    def _decoded(self, source: Any) -> Image:
        from PIL import Image as PilImage

        if isinstance(source, PilImage.Image):
            name = f"the PIL image {source.size[0]}×{source.size[1]} {source.mode}"
            return self._of_pillow(source, name)
        if hasattr(source, "__array__"):
            return rgb_of_array(as_array(source))
        with self.opened(source) as (file, name), identified(file, name) as picture:
            self._check_size(picture, name)
            with core_share():
                if picture.format in jpeg.FORMATS and (pixels := self._of_jpeg(file, picture, name)) is not None:
                    return pixels
                return self._of_pillow(picture, name)

    def _of_pillow(self, picture: Picture, name: str) -> Image:
        """The pixels decoded by Pillow; a file has just been opened and stands at its first frame."""
        self._check_size(picture, name)
        try:
            storage = storage_of(picture, name)
            picture.load()
        except (InputError, MemoryError):
            raise
        except Exception as error:  # what a decoder raises on broken data is not limited to any kind
            kind = getattr(picture, "format", None) or "picture"
            raise InputError(f"{name}: a truncated or broken {kind}: {error}") from error
        self._check_size(picture, name)  # an icon's header and the picture in it may say different sizes
        return upright(rgb_of_picture(picture, storage, name), picture)

    def _of_jpeg(self, file: IO[bytes], picture: Picture, name: str) -> Image | None:
        """The pixels, if that is an ordinary JPEG; else the picture is left as it was, at the scale to decode it."""
        start = file.tell()
        jpeg.check_scans(file, name)
        file.seek(0)
        pixels = jpeg.decoded(file, picture, self.least_side)
        if pixels is not None:
            return upright(pixels, picture)
        file.seek(start)
        scale = jpeg.scale_for(picture.size, self.least_side)
        picture.draft(None, (picture.width // scale, picture.height // scale))
        return None

    def _check_size(self, picture: Picture, name: str) -> None:
        width, height = picture.size
        if width < 1 or height < 1:
            raise InputError(f"{name}: the picture has no pixels ({width}×{height})")
        if width * height > self.max_pixels:
            raise InputError(f"{name}: {width}×{height} pixels are more than max_pixels={self.max_pixels:,}")
