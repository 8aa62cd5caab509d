"""timm models with their weights: from the Hugging Face cache without a network, else fetched, else a clear error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from junco.builtin.hugging_face import check_reachable, fetched_file, unavailable
from junco.builtin.json_file import read_json
from junco.errors import ParameterError
from junco.neural.weights import weights_by_sha256
from junco.wording import nearest

CONFIG, _WEIGHTS = "config.json", "model.safetensors"
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
            ParameterError: a folder that holds no timm model.
            UnavailableError: timm had to fetch something itself, and could not.
        """
        import timm

        overlay = self.overlay or None
        try:
            return timm.create_model(self.model, self.pretrained, pretrained_cfg_overlay=overlay, num_classes=0)
        except (OSError, RuntimeError, AssertionError) as error:
            if self.model.startswith("local-dir:"):
                raise ParameterError(f"{owner!r}: {self.model!r} is no folder with a timm model: {error}") from error
            if self.pretrained or self.model.startswith("hf-hub:"):
                raise unavailable(self.model, owner, error, _INSTEAD) from error
            raise


def timm_model(model: str, pretrained: bool, owner: str) -> TimmModel:
    """How to build a model by the name that timm has for it; its weights are in the cache afterwards.

    Raises:
        ParameterError: timm knows no such model, or has no weights for it.
        UnavailableError: what has to be fetched is not in the cache and cannot be.
    """
    if model.startswith(("hf-hub:", "hf_hub:")):
        return TimmModel(_from_hub(model, owner), pretrained)
    if model.startswith("local-dir:"):
        return TimmModel(model, pretrained)
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
    """The identity of a model that is not loaded; ``None`` where its weights are no file of a known place.

    Raises:
        ParameterError: timm knows no such model, or has no weights for it.
        UnavailableError: what has to be fetched is not in the cache and cannot be.
    """
    import timm
    import timm.data

    found = timm_model(model, pretrained, owner)
    if found.model.startswith("local-dir:"):
        folder = Path(found.model.partition(":")[2])
        told, file = read_json(folder / CONFIG), folder / _WEIGHTS
        architecture, config = told.get("architecture", ""), told.get("pretrained_cfg") or told
        if architecture and (arguments := told.get("model_args")):
            architecture = f"{architecture} with {json.dumps(arguments, sort_keys=True)}"
    else:
        known: Any = timm.get_pretrained_cfg(found.model) if "hf-hub:" not in found.model else None
        architecture, config = found.model.partition(".")[0], known.to_dict() if known else {}
        file = Path(found.overlay.get("file", ""))
    if not architecture or not config or (pretrained and not file.is_file()):
        return None
    data: Any = timm.data  # its types leave out what it exports
    steps = data.resolve_data_config({}, pretrained_cfg=config)
    return Identity(architecture, steps, file if pretrained else None)


def _check_name(model: str, owner: str) -> None:
    import timm

    is_path = any(character in model for character in "/\\:")
    architecture, _, tag = model.partition(".")
    if not is_path and timm.is_model(architecture) and (not tag or timm.is_model_pretrained(model)):
        return
    tagged = timm.list_models(f"{architecture}.*", pretrained=True)
    guesses = nearest(model, tagged or [*timm.list_models(), *timm.list_models(pretrained=True)])
    guess = f" Did you mean {' or '.join(map(repr, guesses))}?" if guesses else ""
    hint = f" For one on the hub write 'hf-hub:{model}'." if "/" in model else ""
    raise ParameterError(f"{owner!r}: timm has no model {model!r}.{guess}{hint}")


def _overlay(model: str, owner: str) -> dict[str, Any]:
    """What makes timm read a model's file in the cache; nothing where timm has to fetch it in its own way.

    timm would ask the hub whether a cached file is still the newest; cached means zero network calls.
    """
    import timm

    config = timm.get_pretrained_cfg(model)
    if config is None or not config.has_weights:
        raise ParameterError(f"{owner!r}: timm has no weights for {model!r}; take another model or pretrained=False")
    filename = config.hf_hub_filename or _WEIGHTS
    # Only safetensors: other files are pickles, which timm reads with care from the hub but not from a path.
    if config.hf_hub_id and filename.endswith(".safetensors"):
        path = fetched_file(config.hf_hub_id, filename, owner, _INSTEAD)
        if path is not None:
            return {"file": str(path), "custom_load": str(config.custom_load) == "hf"}
    check_reachable(model, owner, _INSTEAD)
    return {}


def _from_hub(model: str, owner: str) -> str:
    """``local-dir:…``, the folder in the cache, for a model on the hub; its name there if it has no safetensors."""
    repository = model.partition(":")[2]
    instead = "name a model that timm itself knows"
    config = fetched_file(repository, CONFIG, owner, instead)
    weights = fetched_file(repository, _WEIGHTS, owner, instead)
    if config is not None and weights is not None and config.parent == weights.parent:
        return f"local-dir:{weights.parent}"
    check_reachable(model, owner, instead)
    return f"hf-hub:{repository}"
