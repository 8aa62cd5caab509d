"""What a report says: numbers that are numbers, texts that are short and plain, and nothing that is not known here."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MOST_BYTES = 64 << 10
"""Of a request that brings one."""
_LARGEST, _SLOWEST = 1e15, 1e-6


def _plain(text: str) -> str:
    """The text.

    Raises:
        ValueError: it holds what is not seen as it is.
    """
    if not text.isprintable() or text != text.strip():
        raise ValueError("a text of letters and signs that can be seen, with no space before or behind it")
    return text


Plain = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Name = Annotated[str, Field(min_length=1, max_length=96), AfterValidator(_plain)]
Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Moment = Annotated[
    str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Interval(_Strict):
    """A mean, and the interval in which it lies by chance."""

    mean: Number
    low: Number
    high: Number
    num_items: Count

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is not more than high")
        return self


class Data(_Strict):
    """By which data was measured."""

    name: Annotated[Name, Field(pattern=r"^[^@]+$")]
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """A sha256 of all items with what is known of them; without it a name is all that tells data apart."""

    @property
    def key(self) -> str:
        """What reports that can be compared share."""
        return f"{self.name}@{self.fingerprint[:12]}" if self.fingerprint else self.name


class Measured(_Strict):
    """What was measured of one commit."""

    data: Data
    main: Name
    """The measure that decides."""
    metrics: Annotated[dict[Name, Interval], Field(min_length=1, max_length=64)]
    items_per_s: Annotated[float, Field(ge=_SLOWEST, le=_LARGEST, allow_inf_nan=False)] | None = None
    dim: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    vector_bytes: Count | None = None
    model_bytes: Count | None = None
    peak_bytes: Count | None = None
    """The most memory that the process had."""
    measured_as: Plain | None = None
    """What it was called where it was measured."""
    trained_on_data: bool | None = None
    """Whether it was trained on the very data that it is measured by."""
    machine: Plain
    measured: Moment
    junco: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,40}$")]

    @model_validator(mode="after")
    def _main_is_there(self) -> Self:
        if self.main not in self.metrics:
            raise ValueError("main is one of the metrics")
        return self


class NewReport(_Strict):
    """A report that is sent."""

    revision: Annotated[str, Field(min_length=1, max_length=96)] = "main"
    report: Measured
