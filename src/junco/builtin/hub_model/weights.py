"""The weights of a model from elsewhere: which files hold them, in which form, and whether they are all there.

One rule holds for every model: weights are read as safetensors, and a pickle only where its content is pinned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from junco.builtin.hub_model.files import check_safetensors, damaged, shards_of
from junco.neural.weights import check_sha256

WEIGHTS = "model.safetensors"
_PICKLED = "pytorch_model.bin"
_FORMS = (WEIGHTS, f"{WEIGHTS}.index.json", _PICKLED, f"{_PICKLED}.index.json")
ONLY_SAFETENSORS = (
    "weights are read as safetensors, and a pickle ('.bin'), which may hold code, only by 'owner/name@' and the whole "
    "commit that pins it"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LAYER = re.compile(r"(?:(?:^|\.)(?:encoder|transformer|model)\.|^)layers?\.([0-9]+)\.")
"""A weight of a layer, as BERT and its like name them."""
_UNUSED = re.compile(r"pooler\..*|(.*\.)?(masked_spec_embed|logit_scale)")
"""What a network has and its vectors do not come from: many models are saved without."""


def found_weights(folder: Path) -> list[Path]:
    """The files that hold the weights of a network in a folder; none where it has none.

    Raises:
        ParameterError: an index of several files is damaged.
    """
    form = next((folder / name for name in _FORMS if (folder / name).is_file()), None)
    if form is None:
        return []
    return shards_of(form) if form.suffix == ".json" else [form]


def weights_of(folder: Path) -> list[Path]:
    """The same of a network that must have weights, which can be read.

    Raises:
        ParameterError: they are not there, or damaged; with the file.
    """
    found = found_weights(folder)
    if not found:
        raise damaged(folder / WEIGHTS, f"it is missing: {ONLY_SAFETENSORS}")
    for path in found:
        if path.suffix == ".safetensors":
            check_safetensors(path)
    return found


def check_form(folder: Path, *, is_pinned: bool) -> None:
    """Refuse pickled weights in a model's folder, or in one of its modules', whose content nobody has pinned.

    Raises:
        ParameterError: with the file.
        IntegrityError: it is another one than the hub's.
    """
    for place in (folder, *folder.glob("[0-9]*_*")):
        for file in (file for file in found_weights(place) if file.suffix != ".safetensors"):
            sha256 = file.resolve().name  # what the cache calls a large file that came from the hub
            if not is_pinned or not _SHA256.fullmatch(sha256):
                raise damaged(file, ONLY_SAFETENSORS)
            check_sha256(file, sha256)


def check_complete(files: Sequence[Path], missing: Iterable[str]) -> None:
    """Refuse weights of which a network needs more: transformers draws these at random, and only logs it.

    Raises:
        ParameterError: with the file, or the folder of several.
    """
    lacking = sorted(filter(is_used, missing))
    if lacking:
        where = files[0] if len(files) == 1 else files[0].parent
        raise damaged(where, f"it lacks {len(lacking)} of its network's weights, {lacking[0]!r} among them")


def is_used(name: str) -> bool:
    """Whether vectors depend on the weight of that name."""
    return not _UNUSED.fullmatch(name)


def check_layers(files: Sequence[Path], num_layers: int | None) -> None:
    """Refuse weights of more layers than the configuration has: the others would be left out without a word.

    Raises:
        ParameterError: with the file.
    """
    from safetensors import safe_open

    if num_layers is None:
        return
    for file in (file for file in files if file.suffix == ".safetensors"):
        with safe_open(file, "np") as stored:
            names = list(stored.keys())
        layers = [int(found[1]) for name in names if (found := _LAYER.search(name))]
        if layers and max(layers) >= num_layers:
            raise damaged(file, f"it has weights of {max(layers) + 1} layers, and its config.json says {num_layers}")
