"""Lines that were found in a picture → a text in reading order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def text_of_lines(texts: Sequence[str], corners: npt.NDArray[np.float64]) -> str:
    """The lines from top to bottom; those at one height from left to right, with a tab between.

    Args:
        texts: n of them.
        corners: of each line's box, (n, 4, 2), in pixels.
    """
    top, bottom = corners[:, :, 1].min(axis=1), corners[:, :, 1].max(axis=1)
    left = corners[:, :, 0].min(axis=1)
    rows: list[list[int]] = []
    for index in np.argsort((top + bottom) / 2, kind="stable"):
        first = rows[-1][0] if rows else None
        # Side by side are two lines that share half of the lower one's height.
        shared = min(bottom[index], bottom[first]) - max(top[index], top[first]) if first is not None else 0.0
        if first is not None and 2 * shared > min(bottom[index] - top[index], bottom[first] - top[first]):
            rows[-1].append(int(index))
        else:
            rows.append([int(index)])
    return "\n".join("\t".join(texts[each] for each in sorted(row, key=lambda at: left[at])) for row in rows)
