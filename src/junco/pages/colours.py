"""One colour for each label, the same wherever it stands in a drawing."""

from __future__ import annotations

OVER_PICTURES = ("#22d3ee", "#facc15", "#f472b6", "#a3e635", "#fb923c", "#c4b5fd", "#f5d0a9", "#93c5fd")
"""Light ones, with a dark edge."""
ON_PAGES = ("#0e93a8", "#b08900", "#db2777", "#579a0c", "#e0702f", "#7c5cd6", "#96683a", "#3b78d8")
"""The same hues where the ground is light or dark."""


class Colours:
    """Hands the colours out in turn.

    Args:
        palette: `OVER_PICTURES` or `ON_PAGES`.
    """

    def __init__(self, palette: tuple[str, ...] = ON_PAGES) -> None:
        self._palette = palette
        self._numbers: dict[str, int] = {}

    def __call__(self, label: str) -> str:
        """The colour of a label: the next in turn where it is new."""
        number = self._numbers.setdefault(label, len(self._numbers))
        return self._palette[number % len(self._palette)]
