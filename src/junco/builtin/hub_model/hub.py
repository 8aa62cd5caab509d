"""The Hugging Face cache and hub: cached means no network call, and what cannot be fetched is said at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.builtin.hub_model.files import TOLD
from junco.errors import UnavailableError
from junco.settings import settings
from junco.wording import brief

_CONNECT_TIMEOUT_S = 5.0
_TOLD = (*TOLD, "README.md")
"""The card too, which says what a model was trained for."""
_WEIGHTS = ("*.safetensors",)
_PICKLED = ("pytorch_model*.bin", "[0-9]*_*/pytorch_model*.bin")
_NOT_READ = ("onnx/*", "openvino/*", "checkpoint*/*", "runs/*")


def cached_file(repository: str, filename: str) -> Path | None:
    """Path in the cache of a file of ``owner/name[@revision]``, or ``None`` where it is not there."""
    found = _looked_up(repository, filename)
    return Path(found) if isinstance(found, str) else None


def is_settled(repository: str, filename: str) -> bool:
    """Whether the cache can say of a file what the hub would: it is there, or it is known that the hub has none."""
    return _looked_up(repository, filename) is not None


def _looked_up(repository: str, filename: str) -> object:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return try_to_load_from_cache(filename=filename, **_asked(repository))
    except HFValidationError:  # not a name that the hub could have
        return None


def fetched_file(repository: str, filename: str, owner: str, instead: str) -> Path | None:
    """Path of a file of ``owner/name[@revision]`` in the cache, fetched into it if need be; ``None``: the hub has none.

    Raises:
        UnavailableError: it is not in the cache and cannot be fetched.
    """
    if is_settled(repository, filename):
        return cached_file(repository, filename)
    check_reachable(repository, owner, instead)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(filename=filename, **_asked(repository)))
    except (OSError, ValueError, EntryNotFoundError) as error:
        if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
            return None
        raise unavailable(repository, owner, error, instead) from error


def fetch_all(repository: str, owner: str, instead: str, *, is_pickled: bool = False) -> None:
    """Bring all that is read of a model into the cache, weights last: where they are, the rest has come.

    Args:
        repository: ``owner/name[@revision]``.
        owner: the operator's name, for messages.
        instead: what else the user can do.
        is_pickled: bring weights in pickles too.

    Raises:
        UnavailableError: it cannot be fetched.
    """
    check_reachable(repository, owner, instead)
    from huggingface_hub import snapshot_download

    last = (*_WEIGHTS, *(_PICKLED if is_pickled else ()))
    try:
        for patterns in (_TOLD, (*_TOLD, *last)):
            snapshot_download(allow_patterns=list(patterns), ignore_patterns=list(_NOT_READ), **_asked(repository))
    except (OSError, ValueError) as error:
        raise unavailable(repository, owner, error, instead) from error


def _asked(repository: str) -> dict[str, Any]:
    """How the hub's client is told of ``owner/name[@revision]``."""
    name, _, revision = repository.partition("@")
    return {"repo_id": name, "revision": revision or None}


def check_reachable(model: str, owner: str, instead: str) -> None:
    """Refuse to fetch where that cannot succeed; the hub's own client would first retry for most of a minute.

    Raises:
        UnavailableError: the environment says to stay offline, or nothing answers at the hub's address.
    """
    import socket  # what asks the network is not needed to start
    import urllib.parse
    import urllib.request

    from huggingface_hub import constants

    if settings().offline:
        raise unavailable(model, owner, "JUNCO_OFFLINE or HF_HUB_OFFLINE is set", instead)
    address = urllib.parse.urlsplit(constants.ENDPOINT)
    if urllib.request.getproxies().get(address.scheme):
        return  # then only the proxy knows
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), timeout=_CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise unavailable(model, owner, f"no connection to {address.hostname}: {brief(error)}", instead) from error


def unavailable(model: str, owner: str, reason: object, instead: str) -> UnavailableError:
    """The error for weights that are neither cached nor to be had; ``instead`` says what else the user can do."""
    line = brief(reason) if isinstance(reason, BaseException) else str(reason)
    return UnavailableError(
        f"{owner!r}: {model!r} is not in the Hugging Face cache and cannot be fetched ({line}). "
        f"Fetch it where there is a network ('junco warm PIPELINE') and copy that cache here (HF_HOME), or {instead}"
    )
