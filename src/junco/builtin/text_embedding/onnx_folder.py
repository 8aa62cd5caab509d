"""Where an ONNX file of a text model lies, and what its folder says: tokenizer, pooling, length."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from junco.builtin.hub_model.tokenizer import TOKENIZER
from junco.builtin.sentence_transformers.folder import max_tokens_of, modules_of, poolings_of
from junco.errors import ParameterError, UnavailableError, warn_fidelity

_USUAL_TOKENS = 512
"""Tokens of a text where nothing says it."""


@dataclass(frozen=True, slots=True)
class OnnxFolder:
    """The files of such a model.

    Attributes:
        owner: the operator's name, for messages.
        file: the ONNX file.
        tokenizer: its ``tokenizer.json``.
        told: the folder that holds what the model's makers say of it: the file's own, or the one above.
    """

    owner: str
    file: Path
    tokenizer: Path
    told: Path

    @classmethod
    def of(cls, model: str | Path, tokenizer: str | Path | None, owner: str) -> Self:
        """By the path of the file, or of a folder with ``model.onnx`` or ``onnx/model.onnx``.

        Raises:
            UnavailableError: there is no tokenizer.
        """
        file = Path(model)
        if file.is_dir():
            inside = [file / "model.onnx", file / "onnx" / "model.onnx"]
            file = next((path for path in inside if path.is_file()), inside[0])
        above = (file.parent, file.parent.parent)
        told = next((place for place in above if (place / TOKENIZER).is_file()), file.parent)
        path = Path(tokenizer) if tokenizer is not None else told / TOKENIZER
        if not path.is_file():
            raise UnavailableError(
                f"{owner!r}: there is no file {str(path)!r}: say tokenizer=, the path of the model's {TOKENIZER}"
            )
        return cls(owner, file, path, told)

    @property
    def max_tokens(self) -> int:
        """Of a text."""
        return max_tokens_of(self.told) or _USUAL_TOKENS

    def pooling(self) -> str:
        """How vectors are made of tokens', as the folder says it; else the mean, with a warning.

        Raises:
            ParameterError: it says something that cannot be done here.
        """
        if not (self.told / "modules.json").exists():
            warn_fidelity(
                f"{self.owner!r}: nothing beside {str(self.file)!r} says how vectors are made of its tokens': their "
                "mean is assumed; pooling= says it"  # once a process, whoever asks
            )
            return "mean"
        modules = modules_of(self.told)
        said = [poolings_of(self.told, place) for kind, place in modules if kind == "Pooling"]
        others = sorted({kind for kind, _ in modules} - {"Transformer", "Pooling", "Normalize"})
        if others or said not in ([["mean"]], [["cls"]]):
            raise ParameterError(
                f"{self.owner!r}: {str(self.told)!r} says more than mean or cls of how vectors are made of tokens' "
                f"({said}, {others}): say pooling= if you want that all the same"
            )
        return said[0][0]
