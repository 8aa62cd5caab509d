"""Requests to the hub that is mirrored, and to where it leads for files; nobody else ever sees its token.

A file's redirection is followed by this server and never handed to a client: to http and https alone, not from https
to http, without the token where it leaves the hub, and to no address that only this machine or its network can see.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from junco.errors import InputError
from junco.hub.network.faults import why_unreachable
from junco.hub.network.ways import client_for, proxy_for
from junco.hub.server.faults import Fault, no_repository, no_revision
from junco.hub.server.mirror.faults import failed, gated, refused, silent
from junco.hub.server.mirror.options import Mirroring
from junco.places.reach import OutOfReachError, Reach, place_of
from junco.places.watch import Watch
from junco.wording import brief

if TYPE_CHECKING:
    import httpx2

CONNECT_S, SILENT_S, MOST_S = 8.0, 20.0, 60.0
MOST_ANSWER_BYTES = 32 << 20
MOST_HOPS, MOST_PAGES = 4, 50
_PORTS = {"http": 80, "https": 443}


class Upstream:
    """The hub that is mirrored.

    Args:
        options: its address and the operator's token.
    """

    def __init__(self, options: Mirroring) -> None:
        self.options = options
        self._client = client_for(options.upstream, {}, silent_s=SILENT_S, connect_s=CONNECT_S)
        self._is_proxied = proxy_for(options.upstream) is not None

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()

    def revision(self, name: str, revision: str) -> Any:
        """What it says of a revision."""
        return self._json(f"{self._api(name)}/revision/{quote(revision, safe='')}", name, revision)[0]

    def refs(self, name: str) -> Any:
        """Its branches and tags."""
        return self._json(f"{self._api(name)}/refs", name, "refs")[0]

    def tree(self, name: str, commit: str, most: int) -> list[Any]:
        """All entries of a commit's tree.

        Raises:
            Fault: there are more than ``most`` files, or the list does not end.
        """
        entries: list[Any] = []
        url = f"{self._api(name)}/tree/{commit}?recursive=true"
        for _ in range(MOST_PAGES):
            page, following = self._json(url, name, commit)
            if not isinstance(page, list):
                raise failed("its list of files is none")
            entries += page
            if len(entries) > 2 * most:  # folders stand in it too
                raise refused(f"a tree of more than {most:,} files")
            if following is None:
                return entries
            url = following
        raise refused("its list of files does not end")

    def _api(self, name: str) -> str:
        return f"{self.options.upstream}/api/models/{quote(name)}"

    def _json(self, url: str, name: str, revision: str) -> tuple[Any, str | None]:
        """An answer, and the address of the page after it."""
        with self._sent(url, with_token=True) as answer:
            if answer.is_redirect:
                raise refused(f"{name} has moved to {_path(answer)!r}: ask for it by that name")
            self._check(answer, name, revision)
            try:
                told = json.loads(b"".join(pieces(answer, MOST_ANSWER_BYTES, MOST_S)))
            except (ValueError, RecursionError):
                raise failed("it answers with no JSON") from None
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return told, None
            following = _joined(url, following)
            if _origin(following) != _origin(self.options.upstream):
                raise refused("its list of files goes on elsewhere")
            return told, following

    @contextmanager
    def file(self, name: str, commit: str, path: str, begin: int = 0) -> Iterator[httpx2.Response]:
        """An answer that brings a file, from byte ``begin`` on where the answer's status is 206.

        Raises:
            Fault: it does not bring it.
        """
        url = f"{self.options.upstream}/{quote(name)}/resolve/{commit}/{quote(path)}"
        for _ in range(MOST_HOPS):
            is_own = _origin(url) == _origin(self.options.upstream)
            with self._sent(url, with_token=is_own, begin=begin) as answer:
                if answer.is_redirect:
                    url = self._next(url, answer)
                    continue
                self._check(answer, name, commit)
                yield answer
                return
        raise refused("it leads on and on")

    def _next(self, url: str, answer: httpx2.Response) -> str:
        following = _joined(url, answer.headers.get("Location", ""))
        parts = urlsplit(following)
        if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or "\\" in following:
            raise refused("it leads to what is no address of the web")
        if urlsplit(url).scheme == "https" and parts.scheme == "http":
            raise refused("it leads from https to http")
        return following

    @contextmanager
    def _sent(self, url: str, *, with_token: bool, begin: int = 0) -> Iterator[httpx2.Response]:
        import httpx2

        headers = {"Range": f"bytes={begin}-"} if begin else {}
        if with_token and self.options.token:
            headers["Authorization"] = f"Bearer {self.options.token}"
        try:
            target, more = self._target(url)
            with self._client.stream("GET", target, headers={**headers, **more.pop("headers", {})}, **more) as answer:
                yield answer
        except httpx2.TimeoutException as error:
            raise silent(why_unreachable(self.options.upstream, error)) from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise failed(why_unreachable(self.options.upstream, error)) from None

    def _target(self, url: str) -> tuple[str, dict[str, Any]]:
        """Where a request goes: elsewhere than to the hub itself, to the very address that was looked at."""
        if _origin(url) == _origin(self.options.upstream):
            return url, {}
        try:
            host, port = place_of(url)
            with Watch(CONNECT_S) as watch:
                if self._is_proxied:
                    Reach().check_behind_proxy(host, port, watch)
                    return url, {}
                found = Reach().checked(host, port, watch)
        except OutOfReachError as error:
            raise refused(f"it leads to what is not reached from here: {error}".partition(" (allow")[0]) from None
        except InputError as error:
            raise refused(str(error)) from None
        except ValueError:  # of a name that no host has
            raise _no_address() from None
        except OSError as error:
            raise failed(f"it leads to {host}, which cannot be found: {brief(error)}") from None
        address = str(found[0][4][0])
        parts = urlsplit(url)
        spelt = f"[{address}]" if ":" in address else address
        pinned = parts._replace(netloc=f"{spelt}:{port}").geturl()
        return pinned, {"headers": {"Host": parts.netloc}, "extensions": {"sni_hostname": host}}

    def _check(self, answer: httpx2.Response, name: str, revision: str) -> None:
        status, code = answer.status_code, answer.headers.get("X-Error-Code", "")
        if status in {200, 206}:
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise refused("it packs what it sends, though it was asked not to")
            return
        if code == "GatedRepo" or status == 403:
            raise gated(name, has_token=self.options.token is not None)
        if code == "RevisionNotFound":
            raise no_revision(revision)
        if status == 401 and self.options.token and code != "RepoNotFound":
            raise failed("it does not take the operator's token")
        if status in {401, 404, 410}:
            raise no_repository()
        if status == 429:
            raise failed("it is asked too often")
        raise failed(f"it answered {status}")


def pieces(answer: httpx2.Response, most_bytes: int, most_s: float) -> Iterator[bytes]:
    """A body, piece by piece.

    Raises:
        Fault: it is longer than it may be, or comes too slowly.
    """
    came, end = 0, time.monotonic() + most_s
    for piece in answer.iter_raw():
        came += len(piece)
        if came > most_bytes:
            raise refused(f"more than {most_bytes:,} bytes")
        if time.monotonic() > end:
            raise silent(f"{came:,} bytes in {most_s:,.0f} s")
        yield piece


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise _no_address() from None


def _joined(url: str, following: str) -> str:
    """Where an address leads from another."""
    try:
        joined = urljoin(url, following)
        urlsplit(joined)
    except ValueError:
        raise _no_address() from None
    return joined


def _no_address() -> Fault:
    return refused("it leads to what is no address of the web")


def _path(answer: httpx2.Response) -> str:
    return urlsplit(_joined("", answer.headers.get("Location", ""))).path[:200]
