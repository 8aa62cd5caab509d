"""Texts at an operator's door, and the roles that a text can have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.errors import InputError, ParameterError
from junco.wording import picture

ROLES = ("query", "document")


def checked_texts(values: Sequence[Any], owner: str) -> list[str]:
    """The values, if all are texts.

    Raises:
        InputError: one is no ``str``, or holds half of a surrogate pair, which no tokenizer can read.
    """
    for value in values:
        if not isinstance(value, str):
            raise InputError(f"{owner!r} takes a text (str), not {picture(value)}")
        if not _is_unicode(value):
            raise InputError(f"{owner!r}: the text {picture(value)} is not valid Unicode: surrogates not allowed")
    return list(values)


def check_role(role: str | None, owner: str) -> str | None:
    """The parameter's value, if it can be one.

    Raises:
        ParameterError: it is none of ``query``, ``document`` and ``None``.
    """
    if role is not None and role not in ROLES:
        raise ParameterError(f"{owner!r}: role={role!r} is none of 'query', 'document' and None")
    return role


def check_prompt(prompt: str | None, owner: str) -> str | None:
    """The parameter's value, if it can be one.

    Raises:
        ParameterError: it is no text, or one that no tokenizer can read.
    """
    if prompt is not None and not (isinstance(prompt, str) and _is_unicode(prompt)):
        raise ParameterError(f"{owner!r}: prompt={prompt!r} must be a text or None")
    return prompt


def _is_unicode(text: str) -> bool:
    """Whether it holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
