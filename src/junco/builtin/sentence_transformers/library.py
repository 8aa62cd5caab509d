"""`Library`: a text model as sentence-transformers itself runs it: the reference, and the last resort."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from junco.builtin.hub_model.loading import one_load, reading
from junco.builtin.hub_model.weights import check_complete, check_layers, found_weights, is_used
from junco.builtin.sentence_transformers.folder import config_of, files_of, modules_of, prompt_for
from junco.errors import ParameterError
from junco.neural.golden import GOLDEN_TEXTS
from junco.neural.tokens import Tokens, strange
from junco.runtime.certificate import agreement
from junco.types import Vectors

GOLDEN = (*GOLDEN_TEXTS, "", "  spaces around  ")
"""Texts on which another way to run a model is compared with the library."""


class Library:
    """A loaded model; code from model repositories never runs.

    It computes in float32, in whatever type the weights are stored, until `cast`; and gives all numbers that it has,
    however many of them the folder says to keep.

    Args:
        model: as the user wrote it, for messages.
        folder: where its files lie.
        device: where it runs.
        owner: the operator's name, for messages.
    """

    kind: ClassVar[str] = "SentenceTransformer"
    """The library's class for such models."""

    def __init__(self, model: str, folder: Path, device: str, owner: str) -> None:
        import sentence_transformers
        import torch

        self.name, self.owner = model, owner
        with one_load(), reading(folder, files_of):
            self._model: Any = getattr(sentence_transformers, self.kind)(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": torch.float32},
            ).float()
            network = modules_of(folder)[0][1]
            config_of(network)
            check_weights(getattr(self._model[0], "auto_model", None), network)
            self._model.truncate_dim = None
            self.encode(GOLDEN_TEXTS[:1], None, None)  # what does not fit together may show only here

    def encode(self, texts: Sequence[str], role: str | None, prompt: str | None) -> Vectors:
        """Float32 vectors (n, dim), as the library's ``encode``, ``encode_query`` or ``encode_document`` gives them."""
        block: Vectors = np.asarray(self.encoded(texts, role, prompt, convert_to_numpy=True))
        return block.astype(np.float32, copy=False)

    def encoded(self, items: Sequence[Any], role: str | None, prompt: str | None, **options: Any) -> Any:
        """What the library's own method for the role gives."""
        encode = getattr(self._model, f"encode_{role}", self._model.encode) if role else self._model.encode
        given = {} if prompt is None else {"prompt": prompt}
        return encode(self._told(items), show_progress_bar=False, **given, **options)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's tokens, without padding, as they go into the model."""
        made = [getattr(self._model, "preprocess", self._model.tokenize)(self._told([text])) for text in texts]
        return [each["input_ids"][0].tolist() for each in made]

    def tokens(self, texts: Sequence[str], role: str | None, prompt: str | None) -> Tokens | None:
        """What goes into the model, and what of the texts does not; ``None`` where nobody can tell.

        The library itself does not tell: each text is read once more as it is, and whole.
        """
        before = prompt_for(self._model.prompts, self._model.default_prompt_name, role, prompt)
        given = [before, *(before + text for text in texts)]
        whole = self._read(given, role, is_whole=True)
        if whole is None:
            return None
        alone, *ids = whole
        taken = self._read(given, role, is_whole=False) or whole
        cut = [row for row, each in enumerate(ids) if len(taken[row + 1]) < len(each)]
        empty = [row for row, each in enumerate(ids) if each == alone]
        unknown = getattr(getattr(self._model[0], "tokenizer", None), "unk_token_id", None)
        return Tokens(ids, cut, empty, strange([np.asarray(each) for each in ids], unknown, len(alone)))

    def _read(self, texts: Sequence[str], role: str | None, *, is_whole: bool) -> list[list[int]] | None:
        """The ids of each text's tokens, cut as the model cuts or whole; ``None`` where its tokenizer is none."""
        tokenizer: Any = getattr(self._model[0], "tokenizer", None)
        if hasattr(tokenizer, "encode_batch_fast"):  # that of a table of vectors, which cuts nothing
            return [each.ids for each in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        if not hasattr(tokenizer, "model_max_length"):
            return None
        if not hasattr(self._model, "preprocess"):
            options = {"truncation": not is_whole, "max_length": None if is_whole else self._model.max_seq_length}
            found: list[list[int]] = tokenizer(texts, verbose=False, **options)["input_ids"]
            return found
        text = {"padding": False, "verbose": False, **({"truncation": False} if is_whole else {})}
        asked = {"text": text, "common": {"return_tensors": None}}
        made = self._model.preprocess(self._told(texts), processing_kwargs=asked, **({"task": role} if role else {}))
        return [list(ids) for ids in made["input_ids"]]

    def _told(self, items: Sequence[Any]) -> list[Any]:
        """Items of which texts say that they are texts: a model of pictures would read, or fetch, what they name."""
        if getattr(self._model, "modalities", ["text"]) == ["text"]:
            return list(items)
        return [{"text": item} if isinstance(item, str) else item for item in items]

    def golden(self) -> list[str]:
        """The golden texts without those of which nothing goes into the model: the library fails on one alone."""
        tokens = self.tokens(GOLDEN, None, None)
        return [text for row, text in enumerate(GOLDEN) if tokens is None or len(tokens.ids[row])]

    def cast(self, dtype: str, least: float) -> None:
        """Compute in a smaller arithmetic from now on.

        Raises:
            ParameterError: vectors would come out further from float32's than ``least``, a cosine.
        """
        import torch

        golden = self.golden()
        expected = [self.encode([text], None, None)[0] for text in golden]
        self._model.to(getattr(torch, dtype))
        found = agreement(
            lambda items: [expected[item] for item in items],
            lambda items: self.encode([golden[item] for item in items], None, None),
            range(len(golden)),
            least,
        )
        if found.reason is not None:
            raise ParameterError(f"{self.owner!r}: dtype={dtype!r}: {self.name!r}: {found.reason}")


def check_weights(network: Any, folder: Path) -> None:
    """Refuse weights that lack some of a network's: transformers draws these at random, and only logs it.

    Raises:
        ParameterError: with the file.
    """
    files = found_weights(folder)
    if network is None or not files:
        return
    check_layers(files, getattr(network.config, "num_hidden_layers", None))
    if not _lacking(network, files):
        return
    _, found = type(network).from_pretrained(
        folder,
        config=network.config,
        local_files_only=True,
        trust_remote_code=False,
        dtype=network.dtype,
        output_loading_info=True,
    )
    check_complete(files, found["missing_keys"])


def _lacking(network: Any, files: Sequence[Path]) -> set[str]:
    """Which of a network's weights do not stand in the files by their own name, with whatever before it."""
    from safetensors import safe_open

    needed = {name for name in network.state_dict() if is_used(name)}
    for file in files:
        if file.suffix != ".safetensors":
            return needed
        with safe_open(file, "np") as stored:
            for name in stored.keys():  # noqa: SIM118 - it is no mapping
                parts = name.split(".")
                needed -= {".".join(parts[at:]) for at in range(len(parts))}
    return needed
