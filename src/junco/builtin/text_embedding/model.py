"""`TextEmbedding`: what the members of text-embedding share: texts → token ids → passes → finished vectors."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from junco.errors import InputError, warn_fidelity
from junco.neural.maps import as_result, maps_of, real
from junco.neural.operator import NeuralOperator
from junco.neural.text_encoder import TextEncoder
from junco.neural.texts import check_prompt, checked_texts
from junco.neural.tokens import Tokens, tokens_of
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Vector, Vectors
from junco.wording import and_listed, picture

if TYPE_CHECKING:
    from junco.train.task import Side

_LOOKED_AT, _BEGINNING = 8, 1000
"""So many texts, and characters of each, say what it is that a model does not know."""


class TextEmbedding(NeuralOperator):
    """A `NeuralOperator` of texts, which go through a `TextEncoder`.

    Args:
        role: ``query`` or ``document``, for models that treat them differently.
        prompt: put before each text, instead of the role's own prompt.
    """

    role: Literal["query", "document"] | None = option(None, in_space=False)
    prompt: str | None = option(None, check=check_prompt, in_space=False)
    normalize: bool = True

    # Many short texts sort well; of the longest there are 512 in a batch.
    hints = Hints(first_batch=2048, max_batch=2048, max_cost=2**17, releases_gil=True, thread_safe=True)
    other_languages: ClassVar[str] = ""
    """Where to go with a text in another language."""
    _encoder: TextEncoder | None = None

    def model_options(self) -> dict[str, Any]:
        """None: role and prompt decide what is put before a text, not the model."""
        return {}

    def batch(self, *columns: Any, **_: Any) -> Sequence[Vector]:
        (texts,) = columns
        checked = checked_texts(texts, self.name)
        if self.gives_maps:
            return self._maps(checked) if checked else []
        return self.finish.rows(self.checked_block(self.encoded(checked), len(checked))) if checked else []

    def _maps(self, texts: Sequence[str]) -> list[Any]:
        """What layers give as it is, of the texts' own tokens."""
        assert self._encoder is not None, "open() comes before batch()"
        assert self.chosen is not None
        tokens = self.checked(texts, self._encoder.tokens(texts))
        found = [maps_of(row, self.chosen, self.name) for row in self._encoder.padded_rows(tokens)]
        return [
            as_result(
                [real(each, layer, len(ids)) for each, layer in zip(maps, self.chosen.layers, strict=True)], self.chosen
            )
            for maps, ids in zip(found, tokens.ids, strict=True)
        ]

    def encoded(self, texts: Sequence[str]) -> Vectors:
        """The model's own numbers: float32 (n, dim) for n > 0 texts."""
        assert self._encoder is not None, "open() comes before batch()"
        return self._encoder.embed_tokens(self.checked(texts, self._encoder.tokens(texts)))

    def tokens(self, texts: Sequence[str]) -> Tokens | None:
        """What goes into the model, and what of the texts does not; ``None`` where nobody can tell."""
        return self._encoder.tokens(texts) if self._encoder is not None else None

    def trained_role(self, side: Side) -> str | None:
        """The role of texts that are trained on: what belongs to a query is a document."""
        return "document" if (self.role, side) == ("query", "right") else self.role

    def trained_ids(self, texts: Sequence[str], tokenizer: Any, prompt: str = "") -> Sequence[Any]:
        """The token ids of texts that are trained on.

        Raises:
            InputError: one is no text, or has not even a special token.
        """
        checked = checked_texts(texts, self.name)
        tokens = tokens_of(tokenizer, checked, prompt)
        self._check_tokens_of(checked, tokens)
        return tokens.ids

    def checked(self, texts: Sequence[str], tokens: Tokens) -> Tokens:
        """The tokens of texts, once it was noted which are cut, which empty, and which the model hardly knows.

        Raises:
            InputError: one has not even a special token: a model has nothing then to make a vector of.
        """
        self._check_tokens_of(texts, tokens)
        if tokens.cut:
            self.note("cut", tokens.cut)
        if tokens.empty:
            self.note("empty", tokens.empty)
        if tokens.unknown:
            self.note("unknown", tokens.unknown)
            self._warn_of_unknown([texts[row] for row in tokens.unknown])
        return tokens

    def _check_tokens_of(self, texts: Sequence[str], tokens: Tokens) -> None:
        if (nothing := tokens.without_any) is not None:
            raise InputError(
                f"{self.name!r}: the text {picture(texts[nothing])} has no token, so that there is nothing to embed: "
                "leave it out"
            )

    def _warn_of_unknown(self, texts: Sequence[str]) -> None:
        """Once a process for letters, and once for other signs; how many such texts there were is counted."""
        if self._knows_letters_of(texts[:_LOOKED_AT]):  # so that no language is to blame
            what, cure = "signs, as emoji are,", ""
        else:
            what, cure = "letters", f": it reads {and_listed(self.languages)}" if self.languages else ""
            cure += f"; {self.other_languages}" if self.other_languages else ""
        warn_fidelity(
            f"{self.name!r}: a good part of a text are {what} that the model has no tokens for, so that its vector "
            f"says little{cure}"
        )

    def _knows_letters_of(self, texts: Sequence[str]) -> bool:
        """Whether the model knows what is left of texts that are strange to it without all but their letters."""
        tokens = self.tokens(["".join(filter(_is_letter, text[:_BEGINNING])) for text in texts])
        return tokens is not None and not tokens.unknown

    def close(self) -> None:
        if self._encoder is not None:
            self._encoder.compiled.close()
        self._encoder = None

    def cost(self, *item: Any) -> float:
        """About the tokens of the text."""
        return 2.0 + len(item[0]) // 4 if isinstance(item[0], str) else 1.0


def _is_letter(character: str) -> bool:
    """Whether it belongs to a word: letters, and what stands on or between them."""
    return character.isspace() or unicodedata.category(character)[0] in "LM"
