"""timm models with their weights: from the Hugging Face cache without a network, else fetched, else a clear error."""

from __future__ import annotations

from typing import Any

from junco.builtin.hugging_face import cached_file, check_reachable, unavailable
from junco.errors import ParameterError, nearest

_WEIGHTS = "model.safetensors"
_HUB_PREFIXES = ("hf-hub:", "hf_hub:")
_INSTEAD = "build the model with random weights: pretrained=False"


def created(model: str, pretrained: bool, owner: str) -> Any:
    """The timm model without its classifier.

    Raises:
        ParameterError: timm knows no such model, or has no weights for it.
        UnavailableError: what has to be fetched is not in the cache and cannot be.
    """
    if model.startswith(_HUB_PREFIXES):
        return _built(_in_cache_or_on_hub(model, owner), owner, pretrained=pretrained)
    if model.startswith("local-dir:"):
        return _built(model, owner, pretrained=pretrained)
    _check_name(model, owner)
    overlay = _overlay(model, owner) if pretrained else {}
    return _built(model, owner, pretrained=pretrained, pretrained_cfg_overlay=overlay or None)


def _built(model: str, owner: str, **how: Any) -> Any:
    import timm

    try:
        return timm.create_model(model, num_classes=0, **how)
    except (OSError, RuntimeError, AssertionError) as error:
        if model.startswith("local-dir:"):
            raise ParameterError(f"{owner!r}: {model!r} is no folder with a timm model: {error}") from error
        if how["pretrained"] or model.startswith(_HUB_PREFIXES):
            raise unavailable(model, owner, error, _INSTEAD) from error
        raise


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
    """What makes timm read the cached file of a model; nothing where it has to be fetched.

    timm would ask the hub whether a cached file is still the newest; cached means zero network calls.
    """
    import timm

    config = timm.get_pretrained_cfg(model)
    if config is None or not config.has_weights:
        raise ParameterError(f"{owner!r}: timm has no weights for {model!r}; take another model or pretrained=False")
    filename = config.hf_hub_filename or _WEIGHTS
    # Only safetensors: other files are pickles, which timm reads with care from the hub but not from a path.
    if config.hf_hub_id and filename.endswith(".safetensors"):
        path = cached_file(config.hf_hub_id, filename)
        if path is not None:
            return {"file": str(path), "custom_load": str(config.custom_load) == "hf"}
    check_reachable(model, owner, _INSTEAD)
    return {}


def _in_cache_or_on_hub(model: str, owner: str) -> str:
    """``local-dir:…`` for a model that is whole in the cache, else its name on the hub."""
    repository = model.partition(":")[2]
    config, weights = cached_file(repository, "config.json"), cached_file(repository, _WEIGHTS)
    if config is not None and weights is not None and config.parent == weights.parent:
        return f"local-dir:{weights.parent}"
    check_reachable(model, owner, "name a model that timm itself knows")
    return model
