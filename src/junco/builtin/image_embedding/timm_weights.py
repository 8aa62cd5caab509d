"""timm models with their weights: from the Hugging Face cache without a network, else fetched, else a clear error."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from junco.builtin.hub_model.files import check_files, count_of, damaged, read_json, reason_of, value_of
from junco.builtin.hub_model.model import CONFIG, HubModel, is_path
from junco.builtin.hub_model.weights import ONLY_SAFETENSORS, WEIGHTS, weights_of
from junco.errors import ParameterError
from junco.memory import is_out_of_memory
from junco.neural.weights import weights_by_sha256
from junco.wording import nearest

_FOLDER = "local-dir:"
_INTERPOLATIONS = ("bicubic", "bilinear", "nearest", "lanczos", "box", "hamming", "random")
_CROP_MODES = ("center", "squash", "border")
_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("input_size", "mean", "std"), list),
    **dict.fromkeys(("interpolation", "crop_mode"), str),
    "crop_pct": (int, float),
}
"""Of what a configuration says of pictures; timm takes its own for what is missing."""
_MOST_CROP = 8.0
"""Of the side: more than this would be a picture of a few pixels in the midst of nothing."""
_NAMED = "name a model that timm itself knows"
_INSTEAD = "build the model with random weights: pretrained=False"


@dataclass(frozen=True, slots=True)
class TimmModel:
    """What `timm.create_model` is called with; all that can be fetched ahead has been."""

    model: str
    pretrained: bool
    overlay: dict[str, Any] = field(default_factory=dict)

    def build(self, owner: str) -> Any:
        """The timm model without its classifier.

        Raises:
            ParameterError: files that hold no timm model.
        """
        import timm

        overlay = self.overlay or None
        try:
            return timm.create_model(self.model, self.pretrained, pretrained_cfg_overlay=overlay, num_classes=0)
        except Exception as error:  # a damaged file ends in whatever its reader happens to stumble over
            if is_out_of_memory(error):
                raise
            if "file" in self.overlay:
                raise damaged(Path(self.overlay["file"]), error) from error
            if (folder := folder_of(self.model)) is not None:
                check_files(file for file in (folder / CONFIG, folder / WEIGHTS) if file.is_file())
                raise damaged(folder, f"it is no folder with a timm model: {reason_of(error)}") from error
            problem = f"timm cannot build {self.model!r}: {reason_of(error)}"
            raise ParameterError(f"{owner!r}: {problem}; take another model") from error


def folder_of(model: str) -> Path | None:
    """The folder that a name of a model says, if it says one."""
    return Path(model.removeprefix(_FOLDER)) if model.startswith(_FOLDER) else None


def timm_model(model: str, pretrained: bool, owner: str) -> TimmModel:
    """How to build a model by the name that timm has for it; its weights are in the cache afterwards.

    Raises:
        ParameterError: timm knows no such model, or has no weights for it.
        UnavailableError: what has to be fetched is not in the cache and cannot be.
    """
    is_on_hub = model.startswith(("hf-hub:", "hf_hub:"))
    if is_on_hub or model.startswith(_FOLDER):
        place = model.partition(":")[2]
        folder = HubModel.of(place if is_on_hub else Path(place), owner, instead=_NAMED).folder()
        if not (folder / CONFIG).is_file():
            raise damaged(folder / CONFIG, "it is missing, and says which timm model the folder holds")
        if pretrained:
            weights_of(folder)
        return TimmModel(f"{_FOLDER}{folder}", pretrained)
    _check_name(model, owner)
    return TimmModel(model, pretrained, _overlay(model, owner) if pretrained else {})


@dataclass(frozen=True, slots=True)
class Identity:
    """What decides a model's vectors, as far as files tell.

    Attributes:
        architecture: timm's name of it.
        config: size, crop, interpolation, mean and std of its pictures.
        file: of the weights; ``None`` for random ones.
    """

    architecture: str
    config: dict[str, Any]
    file: Path | None = None

    @property
    def weights(self) -> str | None:
        """What identifies them; ``None`` for random ones."""
        return weights_by_sha256(self.file) if self.file is not None else None

    @property
    def preprocessing(self) -> str:
        """The configuration in words."""
        return ", ".join(f"{name} {value}" for name, value in sorted(self.config.items()))


def identity(model: str, pretrained: bool, owner: str) -> Identity | None:
    """The identity of a model that is not loaded; ``None`` where timm says nothing of its pictures.

    Raises:
        ParameterError: timm knows no such model, or has no weights for it, or its folder is damaged.
        UnavailableError: what has to be fetched is not in the cache and cannot be.
    """
    import timm
    import timm.data

    found = timm_model(model, pretrained, owner)
    folder = folder_of(found.model)
    if folder is not None:
        architecture, config = _told(folder)
        file = weights_of(folder)[0] if pretrained else None
    else:
        known: Any = timm.get_pretrained_cfg(found.model)
        architecture, config = found.model.partition(".")[0], known.to_dict() if known else {}
        file = Path(found.overlay["file"]) if pretrained else None
    if not config:
        return None
    data: Any = timm.data  # its types leave out what it exports
    steps = data.resolve_data_config({}, pretrained_cfg=config)
    if folder is not None:
        _check_steps(steps, folder / CONFIG)
    return Identity(architecture, steps, file)


def _told(folder: Path) -> tuple[str, dict[str, Any]]:
    """The architecture of a folder's model, with its arguments, and what its configuration says of pictures."""
    file = folder / CONFIG
    told = read_json(file)
    architecture: str = value_of(told, "architecture", str, file) or ""
    if not architecture:
        raise damaged(file, "it names no 'architecture'")
    config: dict[str, Any] = {**(value_of(told, "pretrained_cfg", dict, file) or told)}
    for name, kinds in _KINDS.items():
        value_of(config, name, kinds, file)
    arguments = value_of(told, "model_args", dict, file) or {}
    if arguments.get("in_chans") not in (None, 3):
        raise damaged(file, _channels(arguments["in_chans"]))
    if size := count_of(arguments, "img_size", file) if isinstance(arguments.get("img_size"), int) else None:
        config["input_size"] = (3, size, size)  # the model's positions are of that size
    if arguments:
        architecture = f"{architecture} with {json.dumps(arguments, sort_keys=True)}"
    return architecture, config


def _channels(number: Any) -> str:
    return f"its model takes pictures of {number!r} channels, and pictures here have 3 colours"


def _check_steps(steps: dict[str, Any], file: Path) -> None:
    """Refuse a preparation of pictures that cannot be.

    Raises:
        ParameterError: with the file that says it.
    """
    size = steps["input_size"]
    if not _are_numbers(size, least=0) or not all(isinstance(each, int) for each in size):
        raise damaged(file, f"'input_size' is {size!r}, and must be 3 whole numbers: channels, height, width")
    if size[0] != 3:
        raise damaged(file, _channels(size[0]))
    for name, least in (("mean", -math.inf), ("std", 0.0)):
        if not _are_numbers(steps[name], least):
            raise damaged(file, f"{name!r} is {steps[name]!r}, and must be 3 numbers{'' if least else ' above 0'}")
    if not _are_numbers([steps["crop_pct"]] * 3, least=0) or steps["crop_pct"] > _MOST_CROP:
        raise damaged(file, f"'crop_pct' is {steps['crop_pct']!r}, and must be a part of the side, 0.875 or so")
    for name, known in (("interpolation", _INTERPOLATIONS), ("crop_mode", _CROP_MODES)):
        if steps[name] not in known:
            raise damaged(file, f"{name!r} is {steps[name]!r}, and must be one of {', '.join(known)}")


def _are_numbers(values: Any, least: float) -> bool:
    """Whether there are three, each finite and more than ``least``."""
    return (
        isinstance(values, (list, tuple))
        and len(values) == 3
        and all(isinstance(n, (int, float)) and not isinstance(n, bool) and least < n < math.inf for n in values)
    )


def _check_name(model: str, owner: str) -> None:
    import timm

    is_path = any(character in model for character in "/\\:")
    architecture, _, tag = model.partition(".")
    if not is_path and timm.is_model(architecture) and (not tag or timm.is_model_pretrained(model)):
        return
    tagged = timm.list_models(f"{architecture}.*", pretrained=True)
    guesses = nearest(model, tagged or [*timm.list_models(), *timm.list_models(pretrained=True)])
    guess = f" Did you mean {' or '.join(map(repr, guesses))}?" if guesses else ""
    raise ParameterError(f"{owner!r}: timm has no model {model!r}.{guess}{_way_to_write(model)}")


def _way_to_write(model: str) -> str:
    """What to put before a name that is none of timm's own."""
    if is_path(model) or Path(model).is_dir():
        return f" For a folder write '{_FOLDER}{model}'."
    return f" For one on the hub write 'hf-hub:{model}'." if "/" in model else ""


def _overlay(model: str, owner: str) -> dict[str, Any]:
    """What makes timm read a model's file in the cache.

    timm would ask the hub whether a cached file is still the newest; cached means zero network calls.
    """
    import timm

    config = timm.get_pretrained_cfg(model)
    if config is None or not config.has_weights:
        raise ParameterError(f"{owner!r}: timm has no weights for {model!r}; take another model or pretrained=False")
    name = config.hf_hub_filename or WEIGHTS
    repository = config.hf_hub_id if name.endswith(".safetensors") else None
    path = HubModel(model, owner, repository, instead=_INSTEAD).file(name) if repository else None
    if path is None:
        raise ParameterError(
            f"{owner!r}: timm has the weights of {model!r} as a pickle alone: {ONLY_SAFETENSORS}; take another model "
            "or pretrained=False"
        )
    return {"file": str(path), "custom_load": str(config.custom_load) == "hf"}
