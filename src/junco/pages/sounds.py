"""Sounds: loudness and spectrogram over one axis of time, with segments marked over both, and a player."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.pages.colours import Colours
from junco.pages.media import Media, Unshown
from junco.pages.spans import Span
from junco.pages.spectrogram import palette, spectrogram
from junco.pages.style import words
from junco.pages.timeline import MOST_TITLED, clock

WAVE_CELLS = 180
_MOST_LANES = 8


def sound(clip: Any, text: str, media: Media, *, spans: Sequence[Span] = (), colours: Colours | None = None) -> str:
    """A sound, and its line beneath.

    Args:
        clip: what has samples and a rate.
        text: its line.
        media: room for it.
        spans: what is heard when, in seconds of the clip's source.
        colours: of labels.
    """
    about = f'<span class="about">{words(text)}</span>'
    try:
        uri, seconds = media.sound(clip)
    except Unshown as why:
        return f'<div class="sound"><span class="faint">[{words(str(why))}]</span>{about}</div>'
    samples = np.atleast_2d(clip.samples)[0]
    total_s = samples.size / clip.sample_rate_hz
    part = f' <span class="about">the first {seconds:g} s can be heard</span>' if seconds < total_s else ""
    start_s = float(getattr(clip, "start_s", 0.0))
    start_s = start_s if math.isfinite(start_s) else 0.0
    player = f'<audio controls preload="none" src="{uri}"></audio>'
    seen = f"{_wave(samples)}{_spectrogram(samples, clip.sample_rate_hz, media)}"
    over = _marks(spans, start_s, total_s, colours or Colours())
    times = f'<span class="times"><span>{clock(start_s)}</span><span>{clock(start_s + total_s)}</span></span>'
    return f'<div class="sound"><div class="heard">{seen}{over}</div>{times}{player}{about}{part}</div>'


def _wave(samples: npt.NDArray[Any]) -> str:
    """The loudness of a sound over its length."""
    parts = [part for part in np.array_split(samples, WAVE_CELLS) if part.size]
    peaks = [float(np.abs(np.nan_to_num(part, posinf=0, neginf=0)).max()) for part in parts]
    most = max(max(peaks, default=0.0), 1e-9)
    line = "".join(
        f"M{i + 0.5} {20 - 19 * peak / most:.1f}V{20 + 19 * peak / most:.1f}" for i, peak in enumerate(peaks)
    )
    return (
        f'<svg class="wave" viewBox="0 0 {len(peaks)} 40" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{line}" stroke="var(--accent)" stroke-width=".8" fill="none"/></svg>'
    )


def _spectrogram(samples: npt.NDArray[Any], rate_hz: float, media: Media) -> str:
    """The spectrogram under it; nothing where there is no room for a picture."""
    try:
        uri = media.chart(spectrogram(samples, rate_hz), palette())
    except Unshown:
        return ""
    alt = f"spectrogram: 60 Hz below, {rate_hz / 2:,.0f} Hz above"
    return f'<img class="spectrogram" src="{uri}" alt="{alt}" title="{alt}">'


def _marks(spans: Sequence[Span], start_s: float, total_s: float, colours: Colours) -> str:
    """Segments over all of the height, with a bar for each label in turn at the top."""
    lanes = {name: index for index, name in enumerate(dict.fromkeys(span.lane for span in spans[:MOST_TITLED]))}
    tint = 0.18 / (len(lanes) or 1)  # the spectrogram is seen through labels that lie over each other
    shapes = []
    for span in spans[:MOST_TITLED]:
        first, last = ((at - start_s) / total_s * 1000 for at in (span.start_s, span.end_s))
        first, last = max(0.0, first), min(1000.0, last)
        colour = colours(span.lane)
        if first > last:
            continue
        top = 4 * (lanes[span.lane] % _MOST_LANES)
        where = f'x="{first:.1f}" width="{max(1.0, last - first):.1f}" fill="{colour}"'
        shapes.append(
            f'<g><title>{words(span.words)}</title><rect {where} y="0" height="100" fill-opacity="{tint:.3f}"/>'
            f'<rect {where} y="{top}" height="3"/></g>'
        )
    view = 'class="marks" viewBox="0 0 1000 100" preserveAspectRatio="none"'
    return f'<svg {view} role="img" aria-label="where segments are">{"".join(shapes)}</svg>' if shapes else ""
