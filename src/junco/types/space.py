"""`Space`: the identity of what made a vector. Only vectors of one space can be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from junco.errors import SpaceError
from junco.wording import printable

NAME, DIM, LENGTH, TRUNCATED_AT_LENGTH, PRECISION = "name", "dim", "normalize", "1 before truncation", "precision"
POOLED, OF = "pooled over vectors", "of"
"""Parts that more than one operator writes; ``normalize`` is true, false, or says of how many numbers the length was 1
before vectors were truncated; ``of`` are the parts of the space whose vectors were made into others."""

_FLOATS = "float32"
_OF_LENGTH_1 = " of length 1"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Space:
    """What decides a vector's meaning: weights, preprocessing, pooling, prompt, normalisation, dimension.

    Not what merely computes it: runtime, device and arithmetic are used only where they give the same vectors.

    Attributes:
        parts: plain values by name; two spaces are the same if these are.
        label: what people call the model; not part of the identity.
        unknown: what kept junco from identifying it, ``"step 'map' (…)"``; ``parts`` then holds what went before.
    """

    parts: Mapping[str, Any]
    label: str = ""
    unknown: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        # as JSON gives them back, so that a space that was stored is equal to the one that was not
        object.__setattr__(self, "parts", json.loads(json.dumps(dict(self.parts))))

    @property
    def id(self) -> str:
        """The name that a user gave it, else 12 hexadecimal digits over its parts."""
        if NAME in self.parts:
            return str(self.parts[NAME])
        return hashlib.sha256(_canonical(self.parts).encode()).hexdigest()[:12]

    @property
    def is_known(self) -> bool:
        """Whether all that made the vectors is identified."""
        return not self.unknown

    @property
    def is_packed(self) -> bool:
        """Whether its vectors are bits, eight to a byte."""
        return self.parts.get(PRECISION) == "ubinary"

    @property
    def _scaled(self) -> str:
        """The length that vectors have, or had before they were truncated; empty where it is any."""
        length = self.parts.get(LENGTH)
        if length is True:
            return "1"
        return length if isinstance(length, str) and length.startswith(TRUNCATED_AT_LENGTH) else ""

    @property
    def description(self) -> str:
        """One line for people."""
        parts = self.parts
        said = [self.label] if self.label else []
        if isinstance(parts.get(DIM), int):
            said.append(f"{parts[DIM]:,} numbers")
        said += [f"length {self._scaled}"] if self._scaled else []
        if PRECISION in parts:
            said.append(str(parts[PRECISION]))
        if isinstance(prompt := parts.get("prompt"), str) and prompt:
            said.append(f"prompt {prompt!r}")
        if NAME in parts:
            said.append("named by its user")
        return ", ".join(said) or "without a label"

    def but(self, **parts: Any) -> Space:
        """The space with some parts replaced."""
        return Space({**self.parts, **parts}, self.label, unknown=self.unknown)

    def named(self, name: str) -> Space:
        """The space under a user's name, who thereby vouches for what could not be identified."""
        return Space({**self.parts, NAME: name}, self.label)

    def into(self, **parts: Any) -> Space:
        """The space of what is made of its vectors, where what was done to them before cannot be told beside it.

        Where steps that are given in another order give other vectors, each has to have the one before it within.
        """
        return Space({**parts, OF: dict(self.parts)}, self.label, unknown=self.unknown)

    def truncated(self, dim: int, *, renormalize: bool) -> Space:
        """The space of the leading ``dim`` numbers, then scaled to length 1 or not.

        How many numbers had the length 1 is told of vectors that were scaled, or pooled of scaled ones, before.
        """
        length, pooled, before = (self.parts.get(name) for name in (LENGTH, POOLED, DIM))
        if before != dim:
            cut = f"{TRUNCATED_AT_LENGTH} of {before} numbers" if isinstance(before, int) else TRUNCATED_AT_LENGTH
            length = cut if length is True else length
            if isinstance(pooled, str) and pooled.endswith(_OF_LENGTH_1):
                pooled = pooled.removesuffix("1") + cut
        parts = {DIM: dim, LENGTH: True if renormalize else length}
        return self.but(**parts, **({} if pooled is None else {POOLED: pooled}))

    def normalized(self) -> Space:
        """The space of its vectors scaled to length 1."""
        return self.but(**{LENGTH: True})

    def pooled(self, how: str) -> Space:
        """The space of what is made of several of its vectors, number by number.

        The mean of means is a mean, whether it was taken of all vectors at once or of groups: one space. So it is with
        the most. Vectors that were scaled or pooled in another way before are said.
        """
        floats = self.as_floats()
        before, scaled = floats.parts.get(POOLED), floats._scaled
        if scaled or before not in (None, how):
            how = f"{how} of {before or 'vectors'}{f' of length {scaled}' if scaled else ''}"
        return floats.but(**{POOLED: how, LENGTH: False})

    def as_floats(self) -> Space:
        """The space of its vectors read as float32 numbers, whatever smaller type they were stored in.

        Each vector was scaled by itself to be stored as whole numbers, so what is done to it now is not what could have
        been done before.
        """
        stored = str(self.parts.get(PRECISION, _FLOATS))
        if stored.startswith(_FLOATS):
            return self
        known = {DIM: self.parts[DIM]} if DIM in self.parts else {}
        return self.into(**{PRECISION: f"{_FLOATS} of {stored}", LENGTH: False, **known})

    def on(self, before: Space | None) -> Space:
        """The space of a model whose inputs were themselves made by something that says what it is."""
        if before is None:
            return self
        return Space({**self.parts, "input": dict(before.parts)}, self.label, unknown=self.unknown or before.unknown)

    def explain(self, other: Space) -> list[str]:
        """What differs, a line for each part; nothing where the spaces are the same."""
        names = [*self.parts, *(name for name in other.parts if name not in self.parts)]
        lines = [
            f"{name}: {_shown(self.parts, name)} ≠ {_shown(other.parts, name)}"
            for name in names
            if _canonical(self.parts.get(name)) != _canonical(other.parts.get(name))
        ]
        unknown = [space.unknown for space in (self, other) if space.unknown]
        return lines + [f"unknown: what {step} does to vectors" for step in dict.fromkeys(unknown)]

    def to_json(self) -> str:
        """As it is stored beside vectors."""
        stored = {"id": self.id, "description": self.description, "label": self.label, "parts": self.parts}
        return json.dumps(stored, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Space:
        """What `to_json` wrote.

        Raises:
            SpaceError: it is something else, or was changed since.
        """
        try:
            stored = json.loads(text)
            space = cls(stored["parts"], stored["label"])
            is_ours = space.id == stored["id"]
        except (ValueError, TypeError, KeyError):
            is_ours = False
        if not is_ours:
            raise SpaceError(f"this is no description of a vector space: {text[:80]!r}")
        return space

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        return _canonical(self.parts) == _canonical(other.parts) and self.unknown == other.unknown

    def __hash__(self) -> int:
        return hash(self.id)

    def __str__(self) -> str:
        return printable(f"{self.id} ({self.description})")

    def __repr__(self) -> str:
        return f"<space {self}>"


def check_same(one: Space | None, other: Space | None, what: str, against: str, cure: str) -> None:
    """Refuse to bring together vectors that are not known to live in one space.

    Args:
        one: the space of ``what``; ``None`` where nobody knows it.
        other: the space of ``against``.
        what: for the message, ``"the vectors of a.parquet"``.
        against: the same for the other side.
        cure: what to do instead, a sentence.

    Raises:
        SpaceError: the spaces differ, or one is unknown or only its id.
    """
    for space, name in ((one, what), (other, against)):
        if isinstance(space, str):
            raise SpaceError(f"{name}: {space!r} is the id of a space; give the space itself, pipeline.plan.space")
    if one is not None and one == other and one.is_known:
        return
    why = f"They differ in {'; '.join(one.explain(other))}." if one is not None and other is not None else ""
    whose = " and ".join(f"{name} live in {_called(space)}" for name, space in ((what, one), (against, other)))
    raise SpaceError(" ".join(filter(None, (f"{whose}.", why, cure))), one, other)


def _called(space: Space | None) -> str:
    return f"the space {space}" if space is not None and space.is_known else "an unknown space"


def _shown(parts: Mapping[str, Any], name: str, most: int = 60) -> str:
    text = json.dumps(parts[name], ensure_ascii=False) if name in parts else "nothing"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=dict)
