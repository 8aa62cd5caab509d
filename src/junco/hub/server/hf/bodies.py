"""What requests of Hugging Face's clients say; what is not known is passed over, as their server does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Name = Annotated[str, Field(max_length=200)]


class NewRepo(BaseModel):
    """A repository that is wanted."""

    name: Name
    organization: Name | None = None
    type: str | None = None
    private: bool | None = None
    visibility: str | None = None

    @property
    def is_private(self) -> bool:
        """Whether it is to be."""
        return self.private is True or self.visibility == "private"


class OldRepo(BaseModel):
    """A repository that is to go."""

    name: Name
    organization: Name | None = None
    type: str | None = None


class RepoSettings(BaseModel):
    """Of a repository."""

    private: bool | None = None
    visibility: str | None = None


class Card(BaseModel):
    """A card's text."""

    content: Annotated[str, Field(max_length=4_000_000)] = ""


class Sampled(BaseModel):
    """A file that will be sent, and how it begins."""

    path: Annotated[str, Field(max_length=5000)]
    size: Annotated[int, Field(ge=0)] = 0
    sample: Annotated[str, Field(max_length=4000)] = ""


class Preupload(BaseModel):
    """Files that will be sent."""

    files: Annotated[list[Sampled], Field(max_length=1000)]


class Tag(BaseModel):
    """A tag that is wanted."""

    tag: Name
    message: str | None = None


class Branch(BaseModel):
    """Where a branch begins."""

    startingPoint: Name | None = None  # noqa: N815 - the wire's name


class LargeObject(BaseModel):
    """A large file, by its sha256."""

    oid: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, lt=2**53)]


class Batch(BaseModel):
    """Large files that are to be sent, or fetched."""

    operation: Literal["upload", "download"]
    objects: Annotated[list[LargeObject], Field(max_length=1000)]
    transfers: list[str] = []
    hash_algo: str | None = None
    ref: Any = None
