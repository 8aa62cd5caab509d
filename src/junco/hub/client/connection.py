"""`Connection`: requests to one hub. No redirection is followed, nothing is unpacked, and all has limits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from junco.errors import IntegrityError, UnavailableError
from junco.hub.client.authorities import authorities_of
from junco.hub.client.faults import fault_of
from junco.hub.client.tokens import Token, token_for
from junco.hub.network.faults import is_lasting, why_unreachable
from junco.hub.network.ways import client_for
from junco.settings import settings

if TYPE_CHECKING:
    import httpx2

MOST_ANSWER_BYTES = 64_000_000
MOST_ANSWER_S, SILENT_S, CONNECT_S = 120.0, 60.0, 15.0
SLOWEST_BYTES_PER_S = 2_000
"""A body that comes in slower than this is given up: somebody holds the line."""
PIECE_BYTES = 1 << 20
TRIES = 5


class Connection:
    """Requests to a hub, with its own token and no other.

    Args:
        address: of the hub, in the spelling of `hub_address`.
        with_token: whether a token is sent.
        token: which one; ``None``: the one that is for this hub.

    Raises:
        UnavailableError: the environment says to stay offline.
        MissingExtraError: there is nothing that speaks HTTP.
        InputError: a file of certificates, or a proxy that the environment names, is none.
    """

    def __init__(self, address: str, *, with_token: bool = True, token: Token | None = None) -> None:
        if settings().offline:
            raise UnavailableError(f"{address} is not asked: JUNCO_OFFLINE is set, and this is not on this machine")
        self.address = address
        token = (token or token_for(address)) if with_token else None
        self.has_token = token is not None
        headers = {} if token is None else {"Authorization": f"Bearer {token.text}"}
        self._client = client_for(
            address, headers, silent_s=SILENT_S, connect_s=CONNECT_S, authorities=authorities_of(address)
        )

    def __repr__(self) -> str:
        return f"<connection to {self.address}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, tries: int = 1
    ) -> Any:
        """The JSON of an answer, an object; an empty one where it has no body.

        Args:
            method: of HTTP.
            path: behind ``/junco/v1``; its parts are quoted already.
            body: plain values.
            headers: beside the usual ones.
            tries: how often it is asked where the line breaks, or the hub is busy.

        Raises:
            HubError: the hub refused.
            UnavailableError: it cannot be reached.
        """
        content = None if body is None else json.dumps(body).encode()
        more = {**(headers or {}), **({} if body is None else {"Content-Type": "application/json"})}

        def once() -> Any:
            with self.answered(method, path, content=content, headers=more) as answer:
                data = b"".join(self.pieces(answer, MOST_ANSWER_BYTES, MOST_ANSWER_S))
                return self._parsed(answer, data)

        return self.patiently(once, tries)

    def ask_with(self, method: str, path: str, content: Iterable[bytes], headers: Mapping[str, str]) -> Any:
        """The JSON of an answer to a body that is read as it is sent."""
        with self.answered(method, path, content=content, headers=dict(headers)) as answer:
            return self._parsed(answer, b"".join(self.pieces(answer, MOST_ANSWER_BYTES, MOST_ANSWER_S)))

    def patiently(self, once: Callable[[], Any], tries: int) -> Any:
        """Do something, again where the line breaks or the hub says that it is busy, with waits that double."""
        for number in range(tries):
            try:
                return once()
            except UnavailableError as error:
                status = getattr(error, "status", 0)
                if number + 1 == tries or (status and status not in (408, 429, 502, 503, 504)) or not _may_pass(error):
                    raise
                time.sleep(min(0.2 * 2**number, 5.0))
        raise AssertionError(tries)

    @contextmanager
    def answered(self, method: str, path: str, **more: Any) -> Iterator[httpx2.Response]:
        """An answer whose body is not read yet.

        Raises:
            HubError: the hub refused.
            UnavailableError: it cannot be reached, or leads elsewhere.
        """
        import httpx2

        try:
            with self._client.stream(method, f"{self.address}/junco/v1{path}", **more) as answer:
                self._check(answer)
                yield answer
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise broken_line(self.address, error) from None

    def _check(self, answer: httpx2.Response) -> None:
        if 300 <= answer.status_code < 400 and answer.status_code != 304:
            where = answer.headers.get("Location", "elsewhere")[:200]
            raise IntegrityError(f"{self.address} leads to {where}: a hub answers itself, so nothing is sent there")
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise IntegrityError(f"{self.address} packs what it sends, though it was asked not to: it is not unpacked")
        if answer.status_code >= 400:
            data = b"".join(self.pieces(answer, MOST_ANSWER_BYTES, MOST_ANSWER_S))
            try:
                told = json.loads(data)
            except (ValueError, RecursionError):
                told = None
            raise fault_of(self.address, answer.status_code, told, has_token=self.has_token)

    def pieces(self, answer: httpx2.Response, most_bytes: int, most_s: float) -> Iterator[bytes]:
        """The body, piece by piece.

        Raises:
            IntegrityError: it is longer than it may be.
            UnavailableError: it takes too long.
        """
        num_bytes, end_s = 0, time.monotonic() + most_s
        for piece in answer.iter_raw():
            num_bytes += len(piece)
            if num_bytes > most_bytes:
                raise IntegrityError(f"{self.address} sends more than the {most_bytes:,} bytes that were meant")
            if time.monotonic() > end_s:
                raise UnavailableError(f"{self.address} sends too slowly: {num_bytes:,} bytes in {most_s:,.0f} s")
            yield piece

    def _parsed(self, answer: httpx2.Response, data: bytes) -> Any:
        if not data:
            return Answer()
        try:
            told = json.loads(data)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise UnavailableError(f"{self.address} answers with no JSON that a junco hub sends: is it one?")
        return Answer(told)


class Answer(dict[str, Any]):
    """What a hub says; to ask for what it does not say is an error of the hub's."""

    def __missing__(self, key: str) -> Any:
        raise UnavailableError(f"a hub answers without {key!r}: is it a junco hub, and not too old a one?")


class BrokenLineError(UnavailableError):
    """The line broke, or there was none: it may be there again."""


class NoWayError(UnavailableError):
    """There is no way to a hub until somebody changes something: a certificate, a proxy, an address."""


def broken_line(address: str, error: BaseException) -> UnavailableError:
    """The error of a request that got no answer."""
    kind = NoWayError if is_lasting(error) else BrokenLineError
    return kind(why_unreachable(address, error))


def _may_pass(error: UnavailableError) -> bool:
    return isinstance(error, BrokenLineError) or bool(getattr(error, "status", 0))


def quoted(text: str) -> str:
    """A part of a path."""
    return quote(text, safe="")


def repository_path(name: str) -> str:
    """The path of a repository, ``namespace/name``."""
    namespace, _, own = name.partition("/")
    return f"/repositories/{quoted(namespace)}/{quoted(own)}"
