"""`ByLibrary`: base of operators that run the other kinds of models of sentence-transformers, by that library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from junco.builtin.hub_model.model import MODULES, HubModel, check_model
from junco.builtin.sentence_transformers.folder import files_of
from junco.builtin.sentence_transformers.library import Library
from junco.builtin.sentence_transformers.trained_head import check_head
from junco.neural.devices import check_device, device_name
from junco.neural.texts import check_prompt
from junco.neural.weights import weights_by_sha256
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Space


def of_library(model: str | Path, owner: str) -> HubModel:
    """A model of sentence-transformers by what a user wrote.

    The cache has to know of the list of modules, not of the weights alone: where another library cached these, the
    way of pooling would be guessed, and the vectors would be of another space.
    """
    return HubModel.of(model, owner, namespace="sentence-transformers", asks=(MODULES,))


class ByLibrary(Operator):
    """Base of operators that run a model of sentence-transformers, whose repository's code never runs.

    Args:
        model: a name on the Hugging Face Hub (``owner/name``, or ``owner/name@revision``), read from its cache without
            a network where it is there, or a folder.
        role: ``query`` or ``document``, for models that treat them differently.
        prompt: put before each text, instead of the role's own prompt.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    """

    model: str | Path = option(check=check_model)
    role: Literal["query", "document"] | None = None
    prompt: str | None = option(None, check=check_prompt)
    device: str = option("auto", neutral=True, check=check_device)

    packages = {"sentence_transformers": "text"}
    hints = Hints(first_batch=32, max_batch=256, max_cost=2**15, releases_gil=True)
    library: ClassVar[type[Library]] = Library
    """How the library runs it."""
    _library: Library | None = None

    def fetch(self) -> None:
        super().fetch()
        check_head(self.library.kind, self._folder, self._model, self.name)

    def open(self) -> None:
        self.fetch()
        self._library = self.library(self._model, self._folder, self._device_name, self.name)

    def close(self) -> None:
        self._library = None

    def files(self) -> Iterable[Path]:
        return files_of(self._folder)

    def space(self, *inputs: Space | None) -> Space | None:
        """By all files of the model: whatever else it holds decides its vectors too."""
        self.fetch()
        files = list(self.files())
        own = {"prompt": self.prompt} if self.prompt is not None else {}
        label = of_library(self.model, self.name).label
        return Space({"operator": self.name, "files": weights_by_sha256(*files), **own}, label)

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

    @cached_property
    def _folder(self) -> Path:
        """Where the model's files lie, brought there if need be."""
        return of_library(self.model, self.name).folder()

    @property
    def _model(self) -> str:
        return str(self.model)

    @cached_property
    def _device_name(self) -> str:
        return device_name(self.device, self.name)
