"""What is told of a name that a hub does not have, or not for this caller: what was asked, and what is near it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlencode

from junco.errors import JuncoError
from junco.hub.client.connection import Connection, repository_path
from junco.hub.client.faults import HubError
from junco.hub.client.names import Name
from junco.operator.hub_names import is_hub_name
from junco.wording import did_you_mean, holding, nearest, printable

_MOST_RELEASES = 10


@contextmanager
def telling(connection: Connection, asked: Name, doing: str = "read") -> Iterator[None]:
    """Requests about a name; what the hub refuses says of which name.

    Args:
        connection: to the hub, which is asked what else this caller may see.
        asked: the name.
        doing: what is done to it: "write to".

    Raises:
        HubError: that of the hub, with near names, the releases there are, or who may not do what.
    """
    try:
        yield
    except HubError as error:
        if error.code == "no-repository":
            said = f"{asked}: {error}.{_near(connection, asked.repository)}"
        elif error.code == "no-revision":
            said = f"{asked}: {error}{_releases(connection, asked.repository)}"
        elif error.code == "forbidden":
            said = str(error).replace("may not do this", f"may not {doing} {asked.repository}")
        else:
            raise
        raise type(error)(said, error.status, error.code, error.details) from None


def _near(connection: Connection, repository: str) -> str:
    namespace, _, own = repository.partition("/")
    known: set[str] = set()
    for query in ({"namespace": namespace}, {"q": own}):
        with suppress(JuncoError):
            told = connection.ask("GET", f"/repositories?{urlencode({**query, 'sort': 'trending', 'limit': '50'})}")
            known |= {str(each["name"]) for each in told["items"] if isinstance(each, dict) and "name" in each}
    names = sorted(each for each in known - {repository} if is_hub_name(each))
    return did_you_mean(nearest(repository, names) or holding(own, names))


def _releases(connection: Connection, repository: str) -> str:
    with suppress(JuncoError):
        told = connection.ask("GET", repository_path(repository)).get("releases")
        if isinstance(told, list):
            listed = [printable(str(each).removeprefix("v"))[:40] for each in told]
            more = f" and {len(listed) - _MOST_RELEASES} more" if len(listed) > _MOST_RELEASES else ""
            return f"; its releases: {', '.join(listed[:_MOST_RELEASES])}{more}" if listed else "; it has no releases"
    return ""
