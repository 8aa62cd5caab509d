"""A ``tokenizer.json``, as the package tokenizers reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.builtin.hub_model.files import damaged

TOKENIZER = "tokenizer.json"


def read_tokenizer(file: Path, max_tokens: int | None) -> tuple[Any, int]:
    """The tokenizer, which cuts texts after so many tokens (or never) and does not pad; and the token that pads.

    Raises:
        ParameterError: the file holds none.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
        if max_tokens is None:
            tokenizer.no_truncation()
        else:
            tokenizer.enable_truncation(max_tokens)
    except Exception as error:  # that library raises bare Exceptions
        raise damaged(file, f"it holds no tokenizer: {error}") from error
    padding = tokenizer.padding or {}
    tokenizer.no_padding()
    known = (padding.get("pad_id"), tokenizer.token_to_id("[PAD]"), tokenizer.token_to_id("<pad>"))
    return tokenizer, next((int(number) for number in known if number is not None), 0)
