"""What requests of the native protocol say; a field that is not known is refused, not passed over."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=200)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=0, lt=2**53)]
RowNumber = Annotated[int, Field(ge=0, lt=2**63)]
"""By which an address names a row: databases know no larger one."""


class Body(BaseModel):
    """Of all requests."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewToken(Body):
    """A token that is wanted."""

    name: Text = "junco"
    scopes: Annotated[list[Text], Field(max_length=10)] = ["repo:read", "repo:write"]
    days: int = 90
    namespace: Text | None = None
    repository: Text | None = None


class Login(Body):
    """A user's name and password, for a token."""

    user: Text
    password: Annotated[str, Field(max_length=1000)]
    token: NewToken = NewToken()


class NewUser(Body):
    """A user who is wanted."""

    user: Text
    password: Annotated[str, Field(max_length=1000)]


class NewPassword(Body):
    """Instead of the old one."""

    old: Annotated[str, Field(max_length=1000)]
    new: Annotated[str, Field(max_length=1000)]


class NewOrganisation(Body):
    """An organisation that is wanted."""

    name: Text


class Role(Body):
    """Of a member."""

    role: Literal["admin", "write", "read"]


class NewRepository(Body):
    """A repository that is wanted: ``namespace/name``."""

    name: Text
    private: bool = False


class Settings(Body):
    """Of a repository."""

    private: bool | None = None


class Piece(Body):
    """A file that may have to be sent."""

    sha256: Digest
    size: Size


class Missing(Body):
    """Files, of which those are asked for that are not here."""

    files: Annotated[list[Piece], Field(max_length=10_000)]


class Added(Body):
    """A file of a commit: sent before, or within it."""

    path: Annotated[str, Field(max_length=5000)]
    sha256: Digest | None = None
    size: Size | None = None
    content: str | None = None


class NewCommit(Body):
    """A commit that is wanted."""

    parent: Annotated[str, Field(pattern=r"^(any|[0-9a-f]{40})$")] | None = None
    message: Annotated[str, Field(max_length=10_000)] = ""
    add: Annotated[list[Added], Field(max_length=20_000)] = []
    remove: Annotated[list[Annotated[str, Field(max_length=5000)]], Field(max_length=20_000)] = []
    replace: bool = False
    release: Text | None = None


class NewRelease(Body):
    """A release of a revision."""

    release: Text
    revision: Text = "main"


class NewBranch(Body):
    """A branch from a revision."""

    branch: Text
    revision: Text = "main"


class Resolve(Body):
    """Names of repositories, with revisions."""

    names: Annotated[list[Text], Field(max_length=100)]


class Ahead(Body):
    """What a mirror is to fetch before anybody asks."""

    name: Text
    only: Annotated[list[Text], Field(max_length=50)] = []
    first: bool = False
