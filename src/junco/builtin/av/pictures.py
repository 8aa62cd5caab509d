"""A decoded frame → uint8 RGB pixels: colours by their tags, square pixels, upright, over white, of the size wanted."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.builtin.av.container import said
from junco.builtin.av.video import Limits
from junco.builtin.pil.colours import rgb_of_array
from junco.errors import InputError
from junco.types import Image

if TYPE_CHECKING:
    from av.video.frame import VideoFrame as Decoded

HD_HEIGHT = 720
"""Pictures of so many lines that do not say how their colours are coded are coded as HD is (BT.709), others as SD."""
_BT709, _UNSPECIFIED, _BT2020 = 1, 2, 9
_PQ, _HLG = 16, 18
_HDR = frozenset({_PQ, _HLG})


class Pictures:
    """Makes pixels of one stream's frames, with one scaler for all of them: to make one takes longer than to scale.

    Args:
        limits: of which that of pixels counts here.
        name: of the video, for messages.
        aspect: how much wider than high a pixel is; the width is scaled, so that pixels are square.
        least_side: pictures are made smaller, as long as their shorter side keeps so many pixels.
    """

    def __init__(
        self, limits: Limits, name: str, aspect: Fraction | None = None, least_side: int | None = None
    ) -> None:
        from av.video.reformatter import Interpolation, VideoReformatter

        self._limits = limits
        self._name = name
        self._aspect = aspect or Fraction(1)
        self._least_side = least_side
        # without the second, swscale gives a picture that it scales only half of the colours that there is room for
        self._scaling = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT
        self._scaler = VideoReformatter()
        self._small = VideoReformatter()

    def of(self, frame: Decoded) -> Image:
        """Pixels (height, width, 3), C-contiguous and nobody else's.

        Raises:
            InputError: they are too many, or coded in a way that cannot be converted.
        """
        width, height = self._size(frame)
        is_same = (width, height) == (frame.width, frame.height)
        pixels = self._converted(self._scaler, frame, width, height, None if is_same else self._scaling)
        return turned(pixels, frame)

    def small(self, frame: Decoded, width: int, height: int) -> Image:
        """All of the picture in so many pixels, neither turned nor with square pixels: to compare frames by."""
        return self._converted(self._small, frame, width, height, "AREA")

    def _size(self, frame: Decoded) -> tuple[int, int]:
        """Width and height before the picture is turned."""
        self._limits.check_size(frame.width, frame.height, self._name)
        width, height = max(1, round(frame.width * self._aspect)), frame.height
        self._limits.check_size(width, height, self._name)
        if self._least_side is None or min(width, height) <= self._least_side:
            return width, height
        scale = Fraction(self._least_side, min(width, height))
        return round(width * scale), round(height * scale)

    def _converted(self, scaler: Any, frame: Decoded, width: int, height: int, method: Any) -> Image:
        from av.error import FFmpegError

        has_alpha = frame.format.has_palette or any(each.is_alpha for each in frame.format.components)
        try:
            made = scaler.reformat(
                frame,
                width,
                height,
                "rgba" if has_alpha else "rgb24",
                interpolation=method,
                threads=1,
                **_colours(frame),
            )
        except (FFmpegError, ValueError) as error:
            raise InputError(
                f"{self._name}: its colours ({frame.format.name}) cannot be read: {said(error)}"
            ) from error
        pixels = made.to_ndarray()
        return rgb_of_array(pixels) if has_alpha else np.ascontiguousarray(pixels)


def _colours(frame: Decoded) -> dict[str, int]:
    """What swscale has to be told of a frame's colours beyond its tags."""
    told: dict[str, int] = {}
    if frame.format.is_rgb:
        return told
    if frame.colorspace == _UNSPECIFIED:
        if frame.color_trc in _HDR:
            told["src_colorspace"] = _BT2020
        elif frame.height >= HD_HEIGHT:
            told["src_colorspace"] = _BT709
    if frame.color_trc in _HDR:
        told |= {"dst_color_trc": _BT709, "dst_color_primaries": _BT709}
    return told


def turned(pixels: Image, frame: Decoded) -> Image:
    """The pixels as the frame's display matrix says that they are shown, by whole quarters and mirrored."""
    from av.sidedata.sidedata import Type

    side_data: Any = frame.side_data
    if (matrix := side_data.get(Type.DISPLAYMATRIX)) is None:
        return pixels
    # where a step to the right and one down lead, (right, down) of each
    right, down, _, right_of_down, down_of_down = np.frombuffer(matrix, np.int32)[:5].tolist()
    if abs(down) + abs(right_of_down) > abs(right) + abs(down_of_down):
        pixels, right, down_of_down = pixels.swapaxes(0, 1), right_of_down, down
    return np.ascontiguousarray(pixels[:: -1 if down_of_down < 0 else 1, :: -1 if right < 0 else 1])
