"""Texts at an operator's door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.errors import InputError, ParameterError
from junco.wording import picture


def checked_texts(values: Sequence[Any], owner: str) -> list[str]:
    """The values, if all are texts.

    Raises:
        InputError: one is no ``str``, or holds half of a surrogate pair, which no tokenizer can read.
    """
    for value in values:
        if not isinstance(value, str):
            raise InputError(f"{owner!r} takes a text (str), not {picture(value)}")
        if not is_unicode(value):
            raise InputError(f"{owner!r}: the text {picture(value)} is not valid Unicode: surrogates not allowed")
    return list(values)


def is_unicode(text: str) -> bool:
    """Whether it holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_prompt(prompt: str | None, owner: str) -> str | None:
    """The option's value, if it can be one.

    Raises:
        ParameterError: it is no text, or one that no tokenizer can read.
    """
    if prompt is not None and not (isinstance(prompt, str) and is_unicode(prompt)):
        raise ParameterError(f"{owner!r}: prompt={prompt!r} must be a text or None")
    return prompt
