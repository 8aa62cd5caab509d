"""Names of licences, as SPDX and Hugging Face write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from junco.errors import InputError
from junco.wording import picture

_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{1,63}(?: (?:AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+-]{1,63})*")
_NOT_ONE = {"none", "unknown", "todo", "tbd", "noassertion", "licence", "license"}
LIKE = "an SPDX name, such as apache-2.0, or 'other' with license_name and license_link"


def is_licence(value: Any) -> bool:
    """The name of a licence."""
    return isinstance(value, str) and _LICENCE.fullmatch(value) is not None and value.lower() not in _NOT_ONE


def check_licence(value: str) -> None:
    """Refuse what is no name of a licence.

    Raises:
        InputError: with what is one.
    """
    if not is_licence(value):
        raise InputError(f"the licence {picture(value)} is none: {LIKE}")


def said_licence(told: Mapping[str, Any]) -> Any:
    """What a manifest or the head of a card says under ``license``, or under ``licence``, which is read alike."""
    return told.get("license", told.get("licence"))
