"""timm models with their weights: from the Hugging Face cache without a network, else fetched, else a clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.errors import ParameterError, UnavailableError, nearest
from junco.settings import settings

_SAFETENSORS = "model.safetensors"


def created(model: str, pretrained: bool, owner: str) -> Any:
    """The timm model without its classifier.

    Raises:
        ParameterError: timm knows no such model, or has no weights for it.
        UnavailableError: the weights are not in the cache and cannot be fetched.
    """
    import timm

    if model.startswith(("hf-hub:", "hf_hub:")):
        model = _cached_folder(model) or model
        if model.startswith("hf") and settings().offline:
            raise _unavailable(model, owner, "nothing is fetched while JUNCO_OFFLINE or HF_HUB_OFFLINE is set")
        return _built(model, owner, pretrained=pretrained)
    if model.startswith("local-dir:"):
        return _built(model, owner, pretrained=pretrained)
    _check_name(model, owner)
    if not pretrained:
        return timm.create_model(model, pretrained=False, num_classes=0)
    return _built(model, owner, pretrained=True, pretrained_cfg_overlay=_overlay(model, owner))


def _built(model: str, owner: str, **how: Any) -> Any:
    import timm

    try:
        return timm.create_model(model, num_classes=0, **how)
    except (OSError, RuntimeError) as error:  # all that the Hub's client raises is one of these
        raise _unavailable(model, owner, str(error).strip().partition("\n")[0]) from error


def _check_name(model: str, owner: str) -> None:
    import timm

    is_path = any(character in model for character in "/\\:")
    architecture, _, tag = model.partition(".")
    if not is_path and timm.is_model(architecture) and (not tag or timm.is_model_pretrained(model)):
        return
    tagged = timm.list_models(f"{architecture}.*", pretrained=True)
    guesses = nearest(model, tagged or [*timm.list_models(), *timm.list_models(pretrained=True)])
    guess = f" Did you mean {' or '.join(map(repr, guesses))}?" if guesses else ""
    raise ParameterError(f"{owner!r}: timm has no model {model!r}.{guess}")


def _overlay(model: str, owner: str) -> dict[str, Any]:
    """What makes timm read the cached file of a model; nothing where it has to be fetched.

    timm would ask the Hub whether a cached file is still the newest; cached means zero network calls.
    """
    import timm

    config = timm.get_pretrained_cfg(model)
    if config is None or not config.has_weights:
        raise ParameterError(f"{owner!r}: timm has no weights for {model!r}; take another model or pretrained=False")
    if config.hf_hub_id:
        filename = config.hf_hub_filename or _SAFETENSORS
        if filename.endswith(".safetensors") and (path := _cached(config.hf_hub_id, filename)):
            return {"file": str(path), "custom_load": config.custom_load == "hf"}
    if settings().offline:
        raise _unavailable(model, owner, "nothing is fetched while JUNCO_OFFLINE or HF_HUB_OFFLINE is set")
    return {}


def _cached_folder(model: str) -> str | None:
    """``local-dir:…`` for a model ``hf-hub:owner/name[@revision]`` that is wholly in the cache."""
    repository = model.partition(":")[2]
    config, weights = _cached(repository, "config.json"), _cached(repository, _SAFETENSORS)
    return f"local-dir:{weights.parent}" if config and weights and config.parent == weights.parent else None


def _cached(repository: str, filename: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    name, _, revision = repository.partition("@")
    found = try_to_load_from_cache(name, filename, revision=revision or None)
    return Path(found) if isinstance(found, str) else None


def _unavailable(model: str, owner: str, reason: str) -> UnavailableError:
    return UnavailableError(
        f"{owner!r}: the weights of {model!r} are not in the Hugging Face cache and could not be fetched ({reason}). "
        "Copy them into the cache (HF_HOME) of this machine, or build with random weights: pretrained=False"
    )
