"""`Library`: a text model as sentence-transformers itself runs it: the reference, and the last resort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from junco.builtin.hugging_face import unavailable
from junco.errors import ParameterError
from junco.neural.golden import GOLDEN_TEXTS
from junco.runtime.certificate import agreement
from junco.types import Vectors

GOLDEN = (*GOLDEN_TEXTS, "", "  spaces around  ")
"""Texts on which another way to run a model is compared with the library."""
INSTEAD = "give the path of a folder that holds a model"
"""What to do where a model is not to be had."""


class Library:
    """A loaded model; code from model repositories never runs.

    Args:
        model: a name or a folder.
        device: where it runs.
        owner: the operator's name, for messages.
        local_only: no network is asked.
    """

    def __init__(self, model: str, device: str, owner: str, *, local_only: bool) -> None:
        from sentence_transformers import SentenceTransformer

        self.name, self.owner = model, owner
        try:
            with without_progress_bars():
                self._model: Any = SentenceTransformer(
                    model, device=device, local_files_only=local_only, trust_remote_code=False
                )
        except (OSError, ValueError, RuntimeError) as error:
            raise unavailable(model, owner, error, INSTEAD) from error

    def encode(self, texts: Sequence[str], role: str | None, prompt: str | None) -> Vectors:
        """Float32 vectors (n, dim), as the library's ``encode``, ``encode_query`` or ``encode_document`` gives them."""
        encode = getattr(self._model, f"encode_{role}", self._model.encode) if role else self._model.encode
        given = {} if prompt is None else {"prompt": prompt}
        block: Vectors = np.asarray(encode(list(texts), show_progress_bar=False, convert_to_numpy=True, **given))
        return block.astype(np.float32, copy=False)

    def cast(self, dtype: str, least: float) -> None:
        """Compute in a smaller arithmetic from now on.

        Raises:
            ParameterError: vectors would come out further from float32's than ``least``, a cosine.
        """
        import torch

        expected = [self.encode([text], None, None)[0] for text in GOLDEN]
        self._model.to(getattr(torch, dtype))
        found = agreement(
            lambda items: [expected[item] for item in items],
            lambda items: self.encode([GOLDEN[item] for item in items], None, None),
            range(len(GOLDEN)),
            least,
        )
        if found.reason is not None:
            raise ParameterError(f"{self.owner!r}: dtype={dtype!r}: {self.name!r}: {found.reason}")


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """Without the one that transformers shows for reading weights, also where no terminal is."""
    from transformers.utils import logging

    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if was_shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
