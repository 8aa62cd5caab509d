"""What a hub mirrors of another, and what it is told to fetch ahead: for whoever runs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from junco.errors import UnavailableError
from junco.hub.client.address import chosen_hub
from junco.hub.client.connection import TRIES, Connection

_TICK_S, _SLOWER, _SLOWEST_S = 0.2, 1.5, 5.0
_TRIES_OF_A_FILE = 5


def mirrored(hub: str | None = None) -> dict[str, Any]:
    """What is mirrored: plain values.

    Raises:
        HubError: one may not ask.
    """
    with Connection(chosen_hub(hub)) as connection:
        return dict(connection.ask("GET", "/admin/mirror", tries=TRIES))


def fetch_ahead(
    name: str, only: tuple[str, ...] = (), *, hub: str | None = None, told: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Have a hub fetch what it mirrors, and wait until all of it is there.

    Args:
        name: ``namespace/name[@revision]``.
        only: patterns of paths: ``*.safetensors``; none is all.
        hub: the address of the hub that mirrors.
        told: is told bytes that are there and bytes in all.

    Raises:
        HubError: one may not, or it is not mirrored.
        UnavailableError: a file cannot be fetched.
    """
    body = {"name": name, "only": list(only), "first": True}
    failed: dict[str, int] = {}
    with Connection(chosen_hub(hub)) as connection:
        wait = _TICK_S
        while True:
            answer = connection.ask("POST", "/admin/mirror", body, tries=TRIES)
            if told is not None:
                told(int(answer["here"]), int(answer["bytes"]))
            if not answer["missing"]:
                return dict(answer)
            for path, why in dict(answer["failed"]).items():
                failed[path] = failed.get(path, 0) + 1
                if failed[path] >= _TRIES_OF_A_FILE:
                    raise UnavailableError(f"{name}: {path} cannot be fetched: {why}")
            body["first"] = False
            time.sleep(wait)
            wait = min(wait * _SLOWER, _SLOWEST_S)
