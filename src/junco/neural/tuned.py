"""Tuned weights: a folder of them read, checked and put into the module that a `Source` builds; and written.

The keys of ``weights.safetensors``:

=====================  =========================================================================================
``network.<name>``     takes the place of that tensor of the module's state
``lora.<name>.a, .b``  (r, in, …) and (out, r, …), whose product times ``lora_scale`` is added to that tensor, or to the
                       weight of the layer of that name
``head.weight``        (dim, numbers of the model): a linear map of what the model gives, without a bias
=====================  =========================================================================================
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.errors import ContractError, IntegrityError, TargetError, TrainError, UnavailableError
from junco.neural.tuned_ends import headed
from junco.neural.tuned_tensors import HEAD, LORA, SCALE, Tensors, listed, misfit, problems_of
from junco.neural.weights import random_weights
from junco.operator.extras import check_packages
from junco.operator.tuned_folder import KIND, MANIFEST, VERSION, WEIGHTS, TunedFolder, new_folder, read_folder
from junco.places.files import file_sha256
from junco.runtime.source import Source
from junco.settings import user_path
from junco.wording import picture, reason

if TYPE_CHECKING:
    import torch

_PACKAGES = {"safetensors": "train"}


@dataclass(frozen=True, eq=False, repr=False)
class Tuned:
    """The tuned weights of an operator.

    Attributes:
        told: the folder, and what it says.
        owner: the operator's name, for messages.
    """

    told: TunedFolder
    owner: str = ""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What ``operator.json`` says."""
        return self.told.manifest

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.told.folder

    @property
    def sha256(self) -> str:
        """Of the weights' file."""
        return self.told.sha256

    @property
    def dim(self) -> int | None:
        """How many numbers its head gives; ``None``: it has none, and there are as many as before."""
        return None if self.told.head is None else self.told.head[0]

    @property
    def head_takes(self) -> int | None:
        """How many numbers its head takes."""
        return None if self.told.head is None else self.told.head[1]

    def check(self) -> None:
        """Refuse a file of weights that is not the one which was written; they are not loaded.

        Raises:
            MissingExtraError: there is nothing that reads such files.
            UnavailableError: it is not there.
            IntegrityError: it is another one.
        """
        check_packages(_PACKAGES, self.owner or self.told.operator)
        path = self.told.weights
        if path.is_symlink():
            raise self._damaged("it is a link, and the weights have to lie in the folder itself")
        if not path.is_file():
            raise UnavailableError(f"{self._who}{path}: there is no such file, which should hold the tuned weights")
        if (size := path.stat().st_size) != self.told.num_bytes:
            raise self._damaged(f"it has {size:,} bytes, and {MANIFEST} says {self.told.num_bytes:,}")
        if (found := file_sha256(path)) != self.sha256:
            raise self._damaged(f"its sha256 is {found}, and {MANIFEST} says {self.sha256}")

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """All of them, by their keys.

        Raises:
            IntegrityError: the file holds something else than tuned weights, or numbers that are not finite.
        """
        return self._content[0]

    @property
    def lora_scale(self) -> float:
        """By how much the products of LoRA's matrices count."""
        return self._content[1]

    @cached_property
    def _content(self) -> tuple[dict[str, npt.NDArray[Any]], float]:
        from safetensors import SafetensorError, safe_open

        self.check()
        try:
            with safe_open(self.told.weights, "np") as file:
                found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # it is no mapping
                said = (file.metadata() or {}).get(SCALE)
        except (SafetensorError, OSError, TypeError, ValueError, MemoryError) as error:
            raise self._damaged(f"it holds no weights that can be read: {reason(error)}") from error
        if problems := problems_of(found, self.told.head):
            raise self._damaged(listed(problems))
        return found, _scale(said, self)

    def in_source(self, source: Source, part: str = "", parts: Sequence[str] = ()) -> Source:
        """The source of the tuned model; its head is not in it.

        Args:
            source: complete, not cut.
            part: how names of this module begin in the folder, where it holds those of several.
            parts: how names of all of them begin.

        Raises:
            ContractError: the source has no torch module.
            IntegrityError: the weights were trained on other ones than the source's.
        """
        build = source.build
        if build is None:
            raise ContractError(
                f"{self.owner!r}: its model is an ONNX file, into which no tuned weights can be put: leave tuned= out"
            )
        self.check_parent(source)

        def tuned() -> torch.nn.Module:
            module = build()
            self.put_in(module, part, parts)
            return module

        recipe = f"{source.recipe}, tuned {self.sha256}"
        if (before := identity_of(source)) is None:
            return replace(source, build=tuned, recipe=recipe)
        sha256 = hashlib.sha256(f"{before} tuned {self.sha256}".encode()).hexdigest()
        return replace(source, build=tuned, recipe=recipe, weights_sha256=sha256)

    def check_parent(self, source: Source) -> None:
        """Refuse weights that were trained on other ones than a source's, as far as both are known.

        Raises:
            IntegrityError: with both.
        """
        wanted, found = (self.manifest.get("parent") or {}).get("weights"), identity_of(source)
        if wanted is not None and found is not None and wanted != found:
            raise IntegrityError(
                f"{self._who}tuned={str(self.folder)!r} was trained on weights that are {picture(wanted)}, and these "
                f"are {found}: give the model that it was trained on, or leave its parameters to the folder"
            )

    def put_in(self, module: torch.nn.Module, part: str = "", parts: Sequence[str] = ()) -> None:
        """Change a module's tensors to the tuned ones: all, or none.

        Raises:
            IntegrityError: names or shapes are not the module's; all of them are told.
        """
        import torch

        others = tuple(each for each in parts if each != part)
        state = module.state_dict()
        changes: dict[str, Any] = {}
        problems = []
        for key, tensor in self.tensors().items():
            kind, _, name = key.partition(".")
            if key == HEAD or (others and name.startswith(others)):
                continue
            name = name.removeprefix(part)
            if kind == "lora":
                if key.endswith(".b"):
                    continue
                name, tensor = name.rpartition(".")[0], self._product(key)
                name = name if name in state else f"{name}.weight"
            if problem := misfit(name, tensor, state.get(name)):
                problems.append(f"{key}: {problem}")
                continue
            changes[name] = (*changes.get(name, ()), (kind, tensor))
        if problems:
            raise self._damaged(f"it does not fit the model of {self.owner!r}: {listed(problems)}")
        with torch.no_grad():
            for name, made in changes.items():
                for kind, tensor in sorted(made, key=lambda each: each[0] == "lora"):
                    given = torch.from_numpy(np.asarray(tensor, order="C"))
                    whole = given if kind == "network" else state[name] + given.reshape(state[name].shape)
                    state[name].copy_(whole)

    def headed(self, source: Source, takes: int | None) -> Source:
        """The source with the head behind it, where there is one.

        Args:
            source: of the model, cut where vectors are taken.
            takes: how many numbers that gives, if it is known.

        Raises:
            IntegrityError: the head takes another number of them.
        """
        build = source.build
        if self.dim is None or build is None:
            return source
        if takes not in (None, self.head_takes):
            raise self._damaged(f"its head takes {self.head_takes} numbers, and the model gives {takes}")
        return replace(source, build=lambda: headed(build(), self.tensors()[HEAD]), recipe=f"{source.recipe}, head")

    def _product(self, key: str) -> npt.NDArray[Any]:
        """What LoRA's matrices add to a tensor, flattened but for its first axis."""
        a, b = self.tensors()[key], self.tensors()[f"{key[:-1]}b"]
        product = b.reshape(len(b), -1).astype(np.float32) @ a.reshape(len(a), -1).astype(np.float32)
        return np.asarray(np.float32(self.lora_scale) * product)

    @property
    def _who(self) -> str:
        return f"{self.owner!r}: " if self.owner else ""

    def _damaged(self, problem: str) -> IntegrityError:
        return IntegrityError(
            f"{self._who}{self.told.weights}: {problem}: take the folder anew from where it was made, or train again"
        )


def read_tuned(folder: str | Path, owner: str = "") -> Tuned:
    """The tuned weights in a folder; what ``operator.json`` says is read and checked, weights when they are needed.

    Raises:
        UnavailableError: there is no such folder.
        IntegrityError: what lies there is no tuned operator.
    """
    return Tuned(read_folder(folder, owner), owner)


def identity_of(source: Source) -> str | None:
    """What tells a source's weights from others; ``None``: nothing does."""
    if source.weights_sha256 is not None:
        return f"sha256 {source.weights_sha256}"
    return None if source.seed is None else random_weights(source.seed, source.packages)


def _scale(said: str | None, tuned: Tuned) -> float:
    """Of the file, which ``operator.json`` has to say too."""
    told = tuned.manifest.get(SCALE)
    try:
        scale = 1.0 if said is None else float(said)
    except ValueError:
        scale = float("nan")
    is_one = told is None if said is None else isinstance(told, (int, float)) and float(told) == scale
    if not np.isfinite(scale) or not is_one:
        raise tuned._damaged(f"its {SCALE} is {picture(said)}, and {MANIFEST} says {picture(told)}")
    return scale


def write_tuned(folder: str | Path, manifest: Mapping[str, Any], tensors: Tensors) -> Tuned:
    """Write a tuned folder: whole, or not at all. One that lies there is replaced.

    Args:
        folder: where.
        manifest: ``operator``, ``params``, and what else is to be known: scope, goal, parent, ``lora_scale``, data,
            metrics, args. What follows from the tensors is added.
        tensors: by their keys.

    Raises:
        TrainError: tensors that are none of a tuned folder: names, shapes, numbers that are not finite.
        TargetError: it cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    given = {key: np.asarray(tensor, order="C") for key, tensor in sorted(tensors.items())}
    shape = given[HEAD].shape if HEAD in given else None
    if problems := problems_of(given, shape):
        raise TrainError(f"what was trained cannot be kept: {listed(problems)}")
    scale = manifest.get(SCALE)
    if (scale is None) != (not any(key.startswith(LORA) for key in given)):
        raise TrainError(f"{SCALE} is {scale!r}: it goes with tensors of LoRA, and they with it")
    with new_folder(user_path(folder).absolute()) as made:
        try:
            save_file(given, made / WEIGHTS, None if scale is None else {SCALE: repr(float(scale))})
        except SafetensorError as error:  # which is what a full disk comes as
            raise TargetError(f"{folder} cannot be written: {reason(error)}") from error
        weights = {
            "file": WEIGHTS,
            "sha256": file_sha256(made / WEIGHTS),
            "num_bytes": (made / WEIGHTS).stat().st_size,
            "head": None if shape is None else list(shape),
        }
        head = {"junco": VERSION, "kind": KIND}
        told = {**head, "made": made_by(), **manifest, **head, "weights": weights}
        text = json.dumps(as_json(told), indent=1, ensure_ascii=False, allow_nan=False)
        (made / MANIFEST).write_text(f"{text}\n", "utf-8")
        shutil.copymode(made / MANIFEST, made / WEIGHTS)  # safetensors lets the owner alone read
    return read_tuned(folder, str(manifest.get("operator", "")))


def made_by() -> dict[str, Any]:
    """What there is of the libraries that decide what a training makes."""
    return {name: found for name in ("junco", "torch", "safetensors") if (found := _version(name))}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def as_json(value: Any) -> Any:
    """With what JSON has: keys are texts, tuples and arrays lists, numbers finite or none."""
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(each) for each in value]
    if hasattr(value, "tolist"):
        return as_json(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
