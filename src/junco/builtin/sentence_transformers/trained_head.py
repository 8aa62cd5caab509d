"""Whether a model has the layers of its kind: sentence-transformers draws those that are missing at random."""

from __future__ import annotations

from pathlib import Path

from junco.builtin.hub_model.files import read_json, value_of
from junco.builtin.hub_model.model import CONFIG, MODULES
from junco.builtin.sentence_transformers.folder import OF_LIBRARY, modules_of
from junco.errors import ParameterError

_SINGLE = "SentenceTransformer"
"""What a folder is of that says nothing, as the library takes it."""
_NATIVE = {"SparseEncoder": ("ForMaskedLM",), "MultiVectorEncoder": ("HF_ColBERT", "ForRetrieval")}
"""Ends of the names of networks that have the layers of the kind themselves."""
_HEAD = {
    "SparseEncoder": "layers that make a weight for each word (SPLADE's, or a sparse autoencoder's)",
    "MultiVectorEncoder": "the layer that makes each token's vector (ColBERT's projection)",
}


def check_head(kind: str, folder: Path, model: str, owner: str) -> None:
    """Refuse a model that is not of a kind: the library would complete it with random layers.

    Args:
        kind: the library's class, ``SparseEncoder``, ``MultiVectorEncoder`` or ``SentenceTransformer``.
        folder: where the model's files lie.
        model: its name or folder as it was given.
        owner: the operator's name, for messages.

    Raises:
        ParameterError: with what the model is, and what it lacks.
    """
    if kind == _SINGLE:  # the mean of the network's own numbers is all that it may lack: nothing is drawn
        return
    found = _kind_of(folder)
    if found == kind or (found is None and _is_native(kind, folder)):
        return
    what = f"a {found} model" if found else f"a network that is no {' or '.join(_NATIVE[kind])}"
    raise ParameterError(
        f"{owner!r}: model={model!r} is {what}, not a {kind}: it has no {_HEAD[kind]}, and the library would draw them "
        "at random: name a model that was trained for it, or take 'text-embedding.sentence-transformers'"
    )


def _kind_of(folder: Path) -> str | None:
    """The kind of model that the library has saved; ``None`` of a network of transformers alone."""
    modules = modules_of(folder)
    if not (folder / MODULES).exists():
        return None
    told = value_of(read_json(folder / OF_LIBRARY), "model_type", str, folder / OF_LIBRARY)
    if told is not None:
        return "MultiVectorEncoder" if told == "ColBERT" else str(told)  # as PyLate calls it
    kinds = {kind.rpartition(".")[2] for kind, _ in modules}
    is_pylate = "Dense" in kinds and "Pooling" not in kinds  # before it said so
    return "MultiVectorEncoder" if is_pylate or _is_named("HF_ColBERT", folder) else _SINGLE


def _is_native(kind: str, folder: Path) -> bool:
    return any(_is_named(end, folder) for end in _NATIVE[kind])


def _is_named(end: str, folder: Path) -> bool:
    names = value_of(read_json(folder / CONFIG), "architectures", list, folder / CONFIG) or []
    return any(str(name).endswith(end) for name in names)
