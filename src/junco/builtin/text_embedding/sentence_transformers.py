"""``text-embedding.sentence-transformers``: any model of sentence-transformers, by its usual name or a local folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from junco.builtin.devices import check_device, torch_device
from junco.builtin.extras import importing
from junco.builtin.hugging_face import cached_file, check_reachable, is_settled, unavailable
from junco.builtin.text_embedding.texts import check_role, checked_texts
from junco.builtin.vectors import check_truncate_dim, finished_rows
from junco.errors import ParameterError
from junco.operator.base import Hints, Operator
from junco.types import Vector


class SentenceTransformersEmbedding(Operator, family="text-embedding", name="sentence-transformers"):
    """Embeds texts with a sentence-transformers model; code from model repositories never runs.

    Args:
        model: a name on the Hugging Face Hub, read from its cache without a network where it is there, or a folder.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        normalize: scale vectors to length 1, after truncation.
        truncate_dim: keep this many leading numbers.
        role: ``query`` or ``document``, for models that treat them differently.
        prompt: put before each text, instead of the role's own prompt.
    """

    hints = Hints(releases_gil=True)

    def __init__(
        self,
        model: str = "sentence-transformers/all-MiniLM-L6-v2",
        device: str = "auto",
        normalize: bool = True,
        truncate_dim: int | None = None,
        role: str | None = None,
        prompt: str | None = None,
    ) -> None:
        if not isinstance(model, (str, Path)) or not str(model):
            raise ParameterError(f"{self.name!r}: model={model!r} must be a model's name or a folder")
        self.model = str(model)
        self.device = check_device(device, self.name)
        self.normalize = normalize
        self.truncate_dim = check_truncate_dim(truncate_dim, self.name)
        self.role = check_role(role, self.name)
        self.prompt = prompt
        self._model: Any = None

    def open(self) -> None:
        with importing("text", self.name):
            import sentence_transformers  # noqa: F401

        device = str(torch_device(self.device, self.name))
        with _quietly():
            self._model = _loaded(self.model, device, self.name)

    def batch(self, texts: Sequence[str]) -> Sequence[Vector]:
        texts = checked_texts(texts, self.name)
        if not texts:
            return []
        assert self._model is not None, "open() comes before batch()"
        encode = getattr(self._model, f"encode_{self.role}", self._model.encode) if self.role else self._model.encode
        given = {} if self.prompt is None else {"prompt": self.prompt}
        block = np.asarray(encode(texts, show_progress_bar=False, convert_to_numpy=True, **given), np.float32)
        return finished_rows(block, normalize=self.normalize, truncate_dim=self.truncate_dim, owner=self.name)

    def close(self) -> None:
        self._model = None

    def cost(self, *item: Any) -> float:
        """About the tokens of the text."""
        return 2.0 + len(item[0]) // 4 if isinstance(item[0], str) else 1.0


def _loaded(model: str, device: str, owner: str) -> Any:
    from sentence_transformers import SentenceTransformer

    instead = "give the path of a folder that holds a model"
    local_only = Path(model).is_dir() or _is_cached(model)
    if not local_only:
        check_reachable(model, owner, instead)
    try:
        return SentenceTransformer(model, device=device, local_files_only=local_only, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise unavailable(model, owner, error, instead) from error


def _is_cached(model: str) -> bool:
    """Whether the cache holds the model as sentence-transformers reads it.

    The list of modules is asked for, not the weights: where another library cached these alone, the library would
    guess the pooling, and the vectors would be of another space.
    """
    repository = model if "/" in model else f"sentence-transformers/{model}"
    return is_settled(repository, "modules.json") and cached_file(repository, "config.json") is not None


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the progress bar that transformers shows for reading weights, also where no terminal is."""
    from transformers.utils import logging

    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if was_shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
