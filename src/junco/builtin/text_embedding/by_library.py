"""`ByLibrary`: base of operators that run the other kinds of models of sentence-transformers, by that library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from junco.builtin.extras import check_installed
from junco.builtin.model_files import check_folder, check_model, is_path
from junco.builtin.text_embedding.library import Library
from junco.builtin.text_embedding.model import check_prompt
from junco.builtin.text_embedding.model_folder import files_of
from junco.builtin.text_embedding.named_model import fetched, folder_of, is_cached, label_of
from junco.builtin.text_embedding.trained_head import check_head
from junco.neural.devices import check_device, device_name
from junco.neural.weights import weights_by_sha256
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Space


class ByLibrary(Operator):
    """Base of operators that run a model of sentence-transformers, whose repository's code never runs.

    Args:
        model: a name on the Hugging Face Hub, read from its cache without a network where it is there, or a folder.
        role: ``query`` or ``document``, for models that treat them differently.
        prompt: put before each text, instead of the role's own prompt.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    """

    model: str | Path = option(check=check_model)
    role: Literal["query", "document"] | None = None
    prompt: str | None = option(None, check=check_prompt)
    device: str = option("auto", neutral=True, check=check_device)

    hints = Hints(first_batch=32, max_batch=256, max_cost=2**15, releases_gil=True)
    library: ClassVar[type[Library]] = Library
    """How the library runs it."""
    _library: Library | None = None

    def fetch(self) -> None:
        super().fetch()
        check_installed("sentence_transformers", "text", self.name)
        if isinstance(self.model, Path) or is_path(self._model):
            check_folder(Path(self._model), self._model, self.name)
        if not (Path(self._model).is_dir() or is_cached(self._model)):
            fetched(self._model, self.name)
        if (folder := folder_of(self._model)) is not None:
            check_head(self.library.kind, folder, self._model, self.name)

    def open(self) -> None:
        self.fetch()
        self._library = self.library(self._model, folder_of(self._model), self._device_name, self.name)

    def close(self) -> None:
        self._library = None

    def files(self) -> Iterable[Path]:
        folder = folder_of(self._model)
        return files_of(folder) if folder is not None else ()

    def space(self, *inputs: Space | None) -> Space | None:
        """By all files of the model: whatever else it holds decides its vectors too."""
        self.fetch()
        files = list(self.files())
        own = {"prompt": self.prompt} if self.prompt is not None else {}
        return Space({"operator": self.name, "files": weights_by_sha256(*files), **own}, label_of(self._model))

    @property
    def place(self) -> str:
        return self._device_name

    def cost(self, *item: Any) -> float:
        """About the tokens of a text."""
        return 2.0 + len(item[0]) // 4 if isinstance(item[0], str) else 1.0

    def loaded(self) -> Any:
        """The model."""
        assert self._library is not None, "open() comes before batch()"
        return self._library

    def note_texts(self, texts: Sequence[str], rows: Sequence[int]) -> None:
        """Say which texts are cut, which empty, and which the model hardly knows.

        Args:
            texts: that go into the model.
            rows: their numbers in the batch.
        """
        tokens = self.loaded().tokens(texts, self.role, self.prompt) if texts else None
        if tokens is not None:
            self.note("cut", [rows[row] for row in tokens.cut])
            self.note("empty", [rows[row] for row in tokens.empty])
            self.note("unknown", [rows[row] for row in tokens.unknown])

    @property
    def _model(self) -> str:
        return str(self.model)

    @cached_property
    def _device_name(self) -> str:
        return device_name(self.device, self.name)
